# The service as an image. Two targets: `service`, the last and so the default, computes on the CPU;
# `gpu` on a GPU as well, where the container is given one. No container engine is at hand where this is
# developed: `npm run replay-image` follows the steps without one, test/deploy holds the rules they keep.

# As exact as a tag can be, and the version that package.json pins. A tag may be pushed anew: where that
# matters, add the digest that your own registry shows (`…-slim@sha256:…`).
FROM node:24.21.0-bookworm-slim AS base
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json ./
# Scripts stay off: `prepare` would build before there are sources, and the package `node` would bring a
# second Node.js beside the base's. No other package here needs its own on Linux.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY asconfig.json tsconfig.json tsconfig.build.json schema.graphql ./
COPY src src
COPY web web
RUN npm run build
# What is left is what runs. Dawn, which reaches GPUs, goes aside: only `gpu` takes it.
RUN npm prune --ignore-scripts --omit=dev --no-audit --no-fund \
  && mkdir -p /dawn \
  && mv node_modules/webgpu /dawn/webgpu \
  && rm -r /dawn/webgpu/dist/darwin-* /dawn/webgpu/dist/win32-*

FROM base AS runtime
ARG REVISION=unknown
LABEL org.opencontainers.image.title="MedNAS" \
  org.opencontainers.image.description="Training-free neural architecture search for medical images, as a GraphQL service" \
  org.opencontainers.image.version="0.1.0" \
  org.opencontainers.image.revision="$REVISION"
COPY package.json ./
COPY data data
COPY --from=build /app/build/kernels build/kernels
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# The one folder that is written to; all else may be mounted read-only.
RUN install -d -o 10001 -g 10001 -m 0700 /data
VOLUME /data
# It starts without a key, for one to be made in it; until then it lets nobody in.
ENV HOST=0.0.0.0 \
  PORT=4000 \
  MEDNAS_DATA_DIR=/data \
  MEDNAS_ANONYMOUS=off
EXPOSE 4000
# A number, not a name: orchestrators that refuse root can tell.
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "/app/dist/cli.js", "health"]
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "/app/dist/cli.js"]
CMD ["serve"]

FROM runtime AS gpu
USER 0:0
# Vulkan's loader, and the libraries that NVIDIA's Vulkan driver is linked with. The driver itself comes from
# the host: its container toolkit mounts it when `graphics` is among the capabilities.
RUN apt-get update \
  && apt-get install -y --no-install-recommends libegl1 libvulkan1 libxext6 \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /dawn/webgpu node_modules/webgpu
ENV NVIDIA_VISIBLE_DEVICES=all \
  NVIDIA_DRIVER_CAPABILITIES=graphics,compute,utility \
  MEDNAS_BACKEND=auto
USER 10001:10001

# Last, so that a build without a target makes this one.
FROM runtime AS service
