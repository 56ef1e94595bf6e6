# docker build -t rollcall .
# docker run -p 127.0.0.1:5000:5000 -v rollcall:/var/lib/rollcall rollcall

FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
# The workspace's other crates are for tests; only the server is built.
RUN cargo build --release --locked --package rollcall

FROM debian:bookworm-slim
# For the certificates of PostgreSQL (sslmode=verify-full) and of Redis (rediss://).
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --user-group --uid 10001 --home-dir /var/lib/rollcall --shell /usr/sbin/nologin rollcall \
 && install -d -m 0700 -o rollcall -g rollcall /var/lib/rollcall
COPY --from=build /source/target/release/rollcall /usr/local/bin/rollcall
USER rollcall
WORKDIR /var/lib/rollcall
# The database's file, when it is SQLite's. With PostgreSQL nothing is kept here.
VOLUME /var/lib/rollcall
ENV ROLLCALL_LISTEN=0.0.0.0:5000 \
    ROLLCALL_DATABASE=sqlite:/var/lib/rollcall/rollcall.db
EXPOSE 5000
# /healthz, not /readyz: a server without its database goes on reading from memory, and must not be
# killed for it. There is no curl in the image, but bash can speak to a port.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/5000 && printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
# Stopping takes up to shutdown_timeout_s (30 s): docker stop --time 45.
ENTRYPOINT ["rollcall"]
CMD ["serve"]
