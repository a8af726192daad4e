# A small image of the server, without a shell, run by an unprivileged user.
FROM rust:1.95.0-slim-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends cmake g++ make perl \
    && rm -rf /var/lib/apt/lists/*
# The image has the toolchain; rust-toolchain.toml would make rustup download further components.
ENV RUSTUP_TOOLCHAIN=1.95.0
# A release sets the version of cargo-auditable: the binary then lists its dependencies, and `cargo audit bin` reads them.
ARG CARGO_AUDITABLE=
RUN test -z "$CARGO_AUDITABLE" || cargo install cargo-auditable --locked --version "$CARGO_AUDITABLE"
WORKDIR /source
COPY . .
RUN cargo ${CARGO_AUDITABLE:+auditable} build --release --locked --package restaurant-server \
    && cp target/release/restaurant-server /restaurant-server

# The binary alone, for `--target binary --output DIRECTORY`.
FROM scratch AS binary
COPY --from=build /restaurant-server /

# The base image holds only the C library and the certificate authorities.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /restaurant-server /usr/local/bin/restaurant-server
# The user owns the working directory, so the server can create the default database, an SQLite file, there.
ENV BIND=0.0.0.0:8000
EXPOSE 8000
USER nonroot
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["/usr/local/bin/restaurant-server", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/restaurant-server"]
