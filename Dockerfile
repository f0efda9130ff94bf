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
RUN useradd --system --uid 10001 --home-dir /srv/syncworker --create-home syncworker
COPY --from=build /opt/syncworker /opt/syncworker
ENV PATH=/opt/syncworker/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/syncworker
USER 10001
ENTRYPOINT ["syncworker"]
CMD ["--help"]
