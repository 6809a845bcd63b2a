# nginx with the built client, so that no request for a file reaches Python. Built from the root.
FROM python:3.11-slim-bookworm AS client
COPY requirements/runtime.txt /tmp/runtime.txt
RUN python -m venv /opt/exact/.venv \
 && /opt/exact/.venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r /tmp/runtime.txt
ENV PATH=/opt/exact/.venv/bin:$PATH
WORKDIR /opt/exact/exact/web
COPY exact/web/package.json exact/web/package-lock.json exact/web/.npmrc ./
RUN npm ci
COPY exact/web/ ./
RUN npm run build

FROM nginx:1.28-bookworm
COPY compose/nginx.conf.template /etc/nginx/templates/default.conf.template
COPY --from=client /opt/exact/exact/web/static /srv/static
EXPOSE 80
