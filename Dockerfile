# Portal, worker and beat: one image, three commands (docker-compose.yml has them).
FROM python:3.13-slim AS packages

# Installed apart from the code, so that a change of code does not install packages again.
COPY requirements/production.txt /tmp/production.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/production.txt


FROM python:3.13-slim

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=topcentrum.settings \
    STATIC_ROOT=/srv/static \
    NUMBA_CACHE_DIR=/srv/compiled

RUN useradd --system --create-home --uid 10001 portal \
    && install -d -o portal -g portal /srv/static /srv/beat /srv/compiled
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/topcentrum
COPY . .

USER 10001
# The key is used by nothing while files are collected, and stays out of the image's environment.
RUN SECRET_KEY=only-while-building python manage.py collectstatic --noinput --verbosity 0 \
    && python -m matching.engine.warm

EXPOSE 8000
CMD ["gunicorn", "-c", "topcentrum/gunicorn.py", "topcentrum.wsgi"]
