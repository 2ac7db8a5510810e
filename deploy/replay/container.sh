#!/usr/bin/env bash
# What a container engine would do to run a command: mounts and processes of its own, one folder as its root.
# This machine's programs stand for the base image's, read-only, with the Node.js that is given. Runs as root
# within `unshare --mount --pid --fork`; its mounts are gone with it.
#
#   container.sh ROOT NODE rw                  -- command...   a build step
#   container.sh ROOT NODE ro VOLUME /data     -- command...   the image as it is run
set -euo pipefail

root=$1 node=$2 mode=$3
shift 3

mount --make-rprivate /
mount --bind "$root" "$root"
for folder in usr etc bin sbin lib lib64; do
  if [ -L "/$folder" ]; then
    [ -L "$root/$folder" ] || cp -P "/$folder" "$root/$folder"
  elif [ -d "/$folder" ]; then
    mkdir -p "$root/$folder"
    mount --bind "/$folder" "$root/$folder"
    mount -o remount,bind,ro "$root/$folder"
  fi
done
mkdir -p "$root"/{proc,dev,root,opt/node}
[ -d "$root/tmp" ] || mkdir -m 1777 "$root/tmp"
mount -t tmpfs -o mode=755 node "$root/opt/node"
touch "$root/opt/node/node"
mount --bind "$node" "$root/opt/node/node"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
if [ "$mode" = ro ]; then
  mount -o remount,bind,ro "$root"
  mount --bind "$1" "$root$2"
  shift 2
  mount -o remount,ro "$root/dev"
  mount -o remount,ro "$root/opt/node"
fi
[ "$1" = -- ] && shift

exec chroot "$root" "$@"
