# syntax=docker/dockerfile:1
# One image for every piece: `syncworker worker`, `syncworker beat`, `syncworker db upgrade`.

FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/syncworker
COPY requirements.lock ./
RUN /opt/syncworker/bin/pip install --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY syncworker syncworker
COPY connectors connectors
RUN /opt/syncworker/bin/pip install --no-deps .

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /srv/syncworker --create-home syncworker \
 && install --directory --owner 10001 /srv/syncworker/data
COPY --from=build /opt/syncworker /opt/syncworker
ENV PATH=/opt/syncworker/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/syncworker
USER 10001
# For `up` and `worker`; a beat gives no sign of its own, so its container asks for the tick instead (docker-compose.yml).
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s --retries=3 CMD ["syncworker", "health", "--here"]
ENTRYPOINT ["syncworker"]
CMD ["--help"]
