"""May channels call us? ``webhooks`` hears their calls and rings for a pull; orders come by the pull alone."""

from __future__ import annotations

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _


@click.command(
    cls=Command,
    example="webhooks --port 8766 --public-url https://shop.example",
    help=N_(
        "Hear when a channel calls, and pull its orders at once instead of at the next poll. Optional: without it nothing"
        " is missed.\n\nListens on this computer alone; your own web server or tunnel passes"
        " PUBLIC-URL/webhooks/CHANNEL on to it. A call is verified, then it only rings for a pull. Stop with Ctrl-C."
    ),
)
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8766, show_default=True, help=N_("Where to listen.")
)
@click.option(
    "--public-url",
    metavar="URL",
    help=N_("What channels were told to call, up to /webhooks/CHANNEL; some sign it."),
)
@pass_desk
def webhooks(desk: Desk, port: int, public_url: str | None) -> int:
    """Serve until stopped."""
    import uvicorn

    from syncworker.interfaces.web.hooks import create_app

    with desk.app() as app:
        served = create_app(app.context, public_url=public_url or f"http://127.0.0.1:{port}")
        config = uvicorn.Config(served, host="127.0.0.1", port=port, log_level="error", access_log=False)
        server = uvicorn.Server(config)
        desk.note(_("Listening at http://127.0.0.1:{port}/webhooks/CHANNEL.").format(port=port))
        try:
            server.run()
        except SystemExit as error:
            raise InputError(
                _("Port {port} cannot be used. Choose another one with --port.").format(port=port)
            ) from error
    return OK
