# The server as a small image without a shell, which runs as nobody in particular.
FROM rust:1.95.0-slim-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends cmake g++ make perl \
    && rm -rf /var/lib/apt/lists/*
# The image has the toolchain; the file would have rustup fetch more of it.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /source
COPY . .
RUN cargo build --release --locked --package restaurant-server \
    && cp target/release/restaurant-server /restaurant-server

# It holds the C library and the certificate authorities, and no more.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /restaurant-server /usr/local/bin/restaurant-server
# The image's folder is the user's own, so the default database, an SQLite file, can be made there.
ENV BIND=0.0.0.0:8000
EXPOSE 8000
USER nonroot
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["/usr/local/bin/restaurant-server", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/restaurant-server"]
