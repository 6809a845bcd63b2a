# One image for web, worker, projector, sealer and set-up: Python, the locked packages, the application. Built from the root.
FROM python:3.11-slim-bookworm AS packages
COPY requirements/runtime.txt /tmp/runtime.txt
RUN python -m venv /opt/exact/.venv \
 && /opt/exact/.venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r /tmp/runtime.txt

FROM packages AS client
ENV PATH=/opt/exact/.venv/bin:$PATH
WORKDIR /opt/exact/exact/web
COPY exact/web/package.json exact/web/package-lock.json exact/web/.npmrc ./
RUN npm ci
COPY exact/web/ ./
RUN npm run build

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /opt/exact --shell /usr/sbin/nologin exact \
 && install -d -o exact -g exact -m 0711 /var/lib/exact \
 && install -d -o exact -g exact -m 0700 /var/backups/exact
ENV PATH=/opt/exact/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=exact.settings \
    EXACT_VAR=/var/lib/exact
WORKDIR /opt/exact
COPY --from=packages /opt/exact/.venv .venv
COPY manage.py ./
COPY exact exact
COPY workers workers
RUN python -m compileall -q exact workers
COPY schema schema
COPY compose/healthy.py compose/healthy.py
COPY --from=client /opt/exact/exact/web/static/dist exact/web/static/dist
USER exact
VOLUME /var/lib/exact
EXPOSE 8000
CMD ["daphne", "-v", "0", "-b", "0.0.0.0", "-p", "8000", "--no-server-name", "exact.asgi:application"]
