# Three stages: the two wheels, the environment, the image. Only the last one is kept,
# and it has no compiler, no sources and no root. Any pip from 24.0 on will do.

FROM python:3.12.13-slim-trixie AS wheels
WORKDIR /source
COPY requirements/build.txt requirements/build.txt
RUN python -m pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY client client
COPY schemas schemas
COPY tasks tasks
COPY worker worker
RUN python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels ./client .

FROM python:3.12.13-slim-trixie AS environment
RUN python -m venv --without-pip /opt/tiktok-events
COPY requirements/worker.txt requirements/serve.txt requirements/otel.txt requirements/
RUN python -m pip --python /opt/tiktok-events/bin/python install --no-cache-dir --require-hashes \
    -r requirements/worker.txt -r requirements/serve.txt -r requirements/otel.txt
COPY --from=wheels /wheels /wheels
RUN python -m pip --python /opt/tiktok-events/bin/python install --no-cache-dir --no-deps --no-index /wheels/*.whl

FROM python:3.12.13-slim-trixie
# A fixed id, so that a volume or a policy can name it.
RUN groupadd --gid 10001 worker \
    && useradd --uid 10001 --gid worker --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin worker \
    # For the tokens of `serve`: a volume that is mounted here belongs to this user.
    && install --directory --owner=worker --group=worker --mode=0700 /var/lib/tiktok-events
COPY --from=environment /opt/tiktok-events /opt/tiktok-events
ENV PATH=/opt/tiktok-events/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TIKTOK_EVENTS_HEARTBEAT_FILE=/tmp/tiktok-events-heartbeat
WORKDIR /tmp
USER 10001:10001
STOPSIGNAL SIGTERM
# Healthy = the heartbeat file is younger than 30 s. `celery inspect ping` would cost
# seconds of processor time, and cannot be answered by a busy worker.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD test "$(stat -c %Y "$TIKTOK_EVENTS_HEARTBEAT_FILE" 2>/dev/null || echo 0)" -gt "$(( $(date +%s) - 30 ))"
ENTRYPOINT ["tiktok-events"]
CMD ["worker"]
