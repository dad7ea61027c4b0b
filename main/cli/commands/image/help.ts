/** Whose arguments and output `headwater image` follows. */
const COMPATIBLE_WITH = '7.2';

export function versionText(): string {
  return `headwater image (arguments and output as in qemu-img ${COMPATIBLE_WITH})\n`;
}

export function helpText(): string {
  return `${versionText()}usage: headwater image command [command options]

Headwater's disk image utility for raw and QED images. Images may also be read from web servers (http://, https://) and
NBD servers (nbd://, nbd+unix://, nbds:// for TLS); convert also writes to an NBD export that is there.

Command syntax:
  check [-q] [-f fmt] [--output=ofmt] [-r [leaks | all]] [-T src_cache] [-U] filename
  commit [-q] [-f fmt] [-t cache] [-b base] [-r rate_limit] [-d] [-p] filename
  compare [-f fmt] [-F fmt] [-T src_cache] [-p] [-q] [-s] [-U] filename1 filename2
  convert [--target-is-zero] [-U] [-C] [-p] [-q] [-n] [-f fmt] [-t cache] [-T src_cache] [-O output_fmt] [-B backing_file [-F backing_fmt]] [-o options] [-S sparse_size] [-r rate_limit] [-m num_requests] [-W] [--salvage] filename [filename2 [...]] output_filename
  create [-q] [-f fmt] [-b backing_file [-F backing_fmt]] [-u] [-o options] filename [size]
  info [-f fmt] [--output=ofmt] [--backing-chain] [-U] filename
  map [-f fmt] [--start-offset=offset] [--max-length=len] [--output=ofmt] [-U] filename
  rebase [-U] [-q] [-f fmt] [-t cache] [-T src_cache] [-p] [-u] -b backing_file [-F backing_fmt] filename
  resize [-f fmt] [--preallocation=prealloc] [-q] [--shrink] filename [+ | -]size
  stream: see 'headwater stream --help'

Command parameters:
  'fmt' is the disk image format: raw or qed. Without it, an image is QED if its name ends in .qed and it begins
    like a QED image; everything else is raw. Contents alone never decide: a guest can write anything to a raw disk,
    also a header that names a file of the host as its backing file. Backing files are raw where the image says so,
    and QED otherwise
  'cache' is the cache mode used to write the output disk image: 'none', 'writeback' (default, except for convert),
    'writethrough', 'directsync' and 'unsafe' (default for convert). With all but 'unsafe', what was written
    survives a loss of power once the command has ended
  'src_cache' is checked, and otherwise ignored
  'size' is the disk image size in bytes. Optional suffixes 'k' or 'K' (kilobyte, 1024), 'M' (megabyte, 1024k),
    'G' (gigabyte, 1024M), 'T' (terabyte, 1024G), 'P' (petabyte, 1024T) and 'E' (exabyte, 1024P) are supported.
    'b' is ignored.
  'options' is a comma separated list of format specific options in a name=value format. Use -o help for an overview
    of the options supported by the used format. nocow and extent_size_hint are accepted and ignored
  '-u' allows unsafe backing chains. For rebasing, it is assumed that old and new backing file match exactly. For
    image creation, allow creating without attempting to open the backing file.
  '-p' show progress of command (only certain commands)
  '-q' use Quiet mode - do not print any output (except errors)
  '-S' indicates the consecutive number of bytes (defaults to 4k) that must contain only zeros to create a sparse
    image during conversion. If the number of bytes is 0, the destination image will always be fully allocated
  '-m' specifies how many requests to remote sources and targets run at once during the convert process (defaults to 8)
  '-n' skips the target volume creation
  '-U', '-C' and '-W' are accepted and make no difference
  '--output' takes the format in which the output must be done (human or json)

Streaming overlays:
  headwater image create -f qed -o backing_file=master.img,copy_on_read=on,stream=on overlay.qed
    creates an overlay that keeps what a machine reads from the master, and fills itself from it while the machine
    runs. With these two options the format of the backing file may be left out, as in the syntax of 2011: it is
    then chosen by the rule above, which for all names but *.qed means raw, and the choice is reported. Without them
    -F or backing_fmt is required, as in QEMU since 6.1.

Parameters to check subcommand:
  '-r leaks' cuts unreferenced clusters off the end of the file. '-r all' also clears wrong table entries, and says
    on standard error which guest range each covered; the backing file, or zeroes, show there afterwards.

Parameters to compare subcommand:
  '-f' first image format
  '-F' second image format
  '-s' run in Strict mode - fail on different image size or sector allocation

Parameters to map and compare -s:
  The system is asked where a sparse raw file of 1 MiB or more has holes. Where it does not tell, the file is read: 4 KiB blocks
  of zeroes count as holes then, also where they were written.

Parameters to commit subcommand:
  Without -d (which -b implies) the image is emptied after its content is safe in the backing file.

Exit codes: 0 success, 1 failure; check: 2 corruption, 3 leaked clusters, 63 format without checks; compare: 1 images
  differ, 2 an image could not be opened, 3 and 4 it could not be read; 130 interrupted.
`;
}
