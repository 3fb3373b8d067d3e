# The image of both programs: built in a Debian 12 stage by the project's own setup, shipped as the
# two programs, the libraries they load and nothing else. No shell, no package manager, no root.
#   docker build -t confidential-pods .
# tests/image/run builds it without a registry or an engine.

FROM docker.io/library/debian:bookworm-slim AS toolchain
WORKDIR /src
# Mount a volume here to keep compiled objects and fetched headers from one build to the next.
ENV CONFIDENTIAL_PODS_CACHE=/var/cache/confidential-pods \
    CCACHE_DIR=/var/cache/confidential-pods/ccache CCACHE_BASEDIR=/src CCACHE_NOHASHDIR=true
# Where an outbound proxy has an authority of its own, mount its certificate into
# /usr/local/share/ca-certificates; it is trusted from here on.
COPY tests/lib tests/lib
COPY tests/setup tests/setup
RUN tests/setup --build-only

FROM toolchain AS build
COPY . .
RUN cmake --preset release -DCPODS_BENCH=OFF \
 && cmake --build --preset release --target confidential-pods confidential-pods-attest

# The programs' libraries as the loader finds them, the TPM transport that tpm2-tss loads by name, and
# the authorities that AMD's key service is recognised by; what that answers is pinned besides.
RUN set -eu; \
    rootfs=/rootfs; \
    transport=$(ldconfig -p | sed -n 's/.*libtss2-tcti-device\.so\.0 .*=> //p'); \
    mkdir -p $rootfs/usr/local/bin $rootfs/etc $rootfs/tmp; \
    chmod 1777 $rootfs/tmp; \
    for program in confidential-pods confidential-pods-attest; do \
      install -s -m 0755 build/release/$program $rootfs/usr/local/bin/$program; \
    done; \
    { echo "$transport"; \
      ldd build/release/confidential-pods build/release/confidential-pods-attest "$transport" | \
        sed -n 's/^\t\(.* => \)\?\(\/[^ ]*\) (.*/\2/p'; } | sort -u | \
      while read -r library; do cp -L --parents "$library" $rootfs; done; \
    install -D -m 0644 /etc/ssl/certs/ca-certificates.crt $rootfs/usr/lib/ssl/cert.pem; \
    echo 'confidential-pods:x:65532:65532::/:/sbin/nologin' > $rootfs/etc/passwd; \
    echo 'confidential-pods:x:65532:' > $rootfs/etc/group; \
    echo 'hosts: files dns' > $rootfs/etc/nsswitch.conf

FROM scratch
COPY --from=build /rootfs /
USER 65532:65532
EXPOSE 8443 8080
ENTRYPOINT ["/usr/local/bin/confidential-pods"]
