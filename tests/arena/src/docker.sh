# $1: the engine's own directory. Runs with mounts and process ids of its own, so that every container ends with it and nothing
# of it stays mounted.
exec dockerd --data-root "$1/data" --exec-root "$1/exec" --host "unix://$1/docker.sock" --pidfile "$1/pid" \
    --exec-opt native.cgroupdriver=cgroupfs
