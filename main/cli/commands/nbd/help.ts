export const NBD_HELP = `usage: headwater nbd [OPTIONS] IMAGE
       headwater nbd [OPTIONS] --export NAME=IMAGE [--export NAME=IMAGE ...]

Serves disks to NBD clients: QEMU, nbdcopy, the Linux kernel. Takes qemu-nbd's options:

  -f, --format FORMAT       raw or qed; without it, told by the name (.qed)
  -k, --socket PATH         listen on a Unix socket
  -b, --bind ADDRESS        listen on this address (default 127.0.0.1; qemu-nbd takes all)
  -p, --port PORT           listen on this port (default 10809)
  -x, --export-name NAME    what clients ask for (default: the empty name)
  -D, --description TEXT    what clients are told of the disk
  -r, --read-only           refuse writes
  -t, --persistent          do not end when the last client has left
  -e, --shared N            serve N clients at a time (default 1), further ones wait; 0: any number
      --fork                go on in the background once clients can connect
      --pid-file FILE       write the process id there when clients can connect
  -o, --offset BYTES        serve the disk from there on
  -n, --nocache             as --cache=none
      --cache MODE          writeback (default), writethrough, none, directsync or unsafe
      --discard MODE        unmap (default; qemu-nbd ignores discards) or ignore
      --detect-zeroes MODE  off (default), on or unmap: keep written zeroes as zeroes
      --aio MODE            accepted; makes no difference
  -A, --allocation-depth    accepted; qemu:allocation-depth is always there
      --object tls-creds-x509,id=ID,dir=DIR,endpoint=server[,verify-peer=off]
      --tls-creds ID        serve over TLS only, with these credentials
  -v, --verbose             tell of clients that come and go

and has its own:

      --export NAME=IMAGE   serve several disks, each by its name
      --stream              fill overlays from their backing files meanwhile
      --speed RATE          at most this much: 20mbit, 500k, 2.5M (bytes per second)
      --tls DIR             serve over TLS only, with the server-cert.pem and server-key.pem there
  -h, --help                this text

Not done, with what to do instead when asked for: -c, -d, -s, -l, -B, -L, --image-opts.
Exit status: 0 after the last client, or when told to end; 1 failed.
`;
