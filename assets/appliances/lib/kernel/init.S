# First program of every boot: loads the modules that reach the root disk and hands over to the programs on it.
#
# A shell could do this in twenty lines, but it would have to come first: a megabyte of every boot pack, read by GRUB and
# unpacked by an emulated processor, for a dozen system calls. This is those calls.
#
# Beside it in the archive are /lib/boot and /lib/virtio: the paths of the modules to load, in order, a zero behind each.
# What was used is deleted, since nothing else would ever give its memory back.

        .set    SYS_READ, 3
        .set    SYS_WRITE, 4
        .set    SYS_OPEN, 5
        .set    SYS_CLOSE, 6
        .set    SYS_UNLINK, 10
        .set    SYS_EXECVE, 11
        .set    SYS_CHDIR, 12
        .set    SYS_MOUNT, 21
        .set    SYS_UMOUNT, 22
        .set    SYS_PAUSE, 29
        .set    SYS_CHROOT, 61
        .set    SYS_NANOSLEEP, 162
        .set    SYS_FINIT_MODULE, 350
        .set    O_WRONLY, 1
        .set    MS_RDONLY, 1
        .set    MS_MOVE, 0x2000
        .set    TEXT_BYTES, 0x10000
        .set    TRIES, 200

# The result is in EAX, negative for errors; only it changes, and the registers of the arguments.
        .macro  system number, first=$0, second=$0, third=$0
        movl    \first, %ebx
        movl    \second, %ecx
        movl    \third, %edx
        movl    $\number, %eax
        int     $0x80
        .endm

        .macro  mount what, where, type=$0, flags=$0
        movl    \flags, %esi
        xorl    %edi, %edi
        system  SYS_MOUNT, \what, \where, \type
        .endm

        .section .rodata
proc:           .asciz  "proc"
proc_folder:    .asciz  "/proc"
devtmpfs:       .asciz  "devtmpfs"
dev_folder:     .asciz  "/dev"
ext4:           .asciz  "ext4"
root_folder:    .asciz  "/root"
root_dev:       .asciz  "/root/dev"
here:           .asciz  "."
top:            .asciz  "/"
screen:         .asciz  "/dev/tty0"
pci_devices:    .asciz  "/proc/bus/pci/devices"
boot_list:      .asciz  "/lib/boot"
virtio_list:    .asciz  "/lib/virtio"
ide_disk:       .asciz  "/dev/sda1"
virtio_disk:    .asciz  "/dev/vda1"
this_program:   .asciz  "/init"
next_program:   .asciz  "/sbin/init"
started:        .asciz  "Kernel started, opening the disk\n"
not_loaded:     .asciz  "This module could not be loaded: "
line_end:       .asciz  "\n"
no_parameters:  .asciz  ""
no_disk:        .asciz  "The root disk could not be read. Start the machine again.\n"


        .balign 4
moment:         .long   0, 20000000             # seconds, nanoseconds
arguments:      .long   next_program, 0

        .lcomm  text, TEXT_BYTES

        .text
        .globl  _start
_start:
        movl    (%esp), %eax
        leal    8(%esp,%eax,4), %eax
        pushl   %eax                            # for the end: the environment, which is behind the arguments and a zero
        mount   $proc, $proc_folder, $proc
        mount   $devtmpfs, $dev_folder, $devtmpfs
        movl    $started, %esi
        call    say

        movl    $1, %ebp
        movl    $boot_list, %esi
        call    read_text
        call    use_modules

        # Only virtual machines of the virtio kind have devices of this vendor.
        movl    $pci_devices, %esi
        call    read_text
        call    find_virtio
        movl    $virtio_list, %esi
        call    read_text
        call    use_modules

        # The disk may need a moment to show up. It is an IDE disk in v86 and a virtio one in most other machines.
        pushl   $TRIES
next_try:
        mount   $ide_disk, $root_folder, $ext4, $MS_RDONLY
        testl   %eax, %eax
        jz      opened
        mount   $virtio_disk, $root_folder, $ext4, $MS_RDONLY
        testl   %eax, %eax
        jz      opened
        system  SYS_NANOSLEEP, $moment
        decl    (%esp)
        jnz     next_try
        movl    $no_disk, %esi
        call    say
give_up:
        system  SYS_PAUSE
        jmp     give_up

opened:
        popl    %eax
        popl    %ebp
        system  SYS_UNLINK, $this_program
        system  SYS_UMOUNT, $proc_folder
        mount   $dev_folder, $root_dev, flags=$MS_MOVE
        system  SYS_CHDIR, $root_folder
        mount   $here, $top, flags=$MS_MOVE
        system  SYS_CHROOT, $here
        system  SYS_CHDIR, $top
        system  SYS_EXECVE, $next_program, $arguments, %ebp
        jmp     give_up

# Writes the text at ESI to both consoles: a kernel that has nothing to say leaves a long silence behind it.
say:
        xorl    %edi, %edi
count:  incl    %edi
        cmpb    $0, (%esi,%edi)
        jne     count
        system  SYS_WRITE, $1, %esi, %edi
        system  SYS_OPEN, $screen, $O_WRONLY
        pushl   %eax
        system  SYS_WRITE, %eax, %esi, %edi
        popl    %eax
        system  SYS_CLOSE, %eax
        ret

# Reads the file that ESI names into `text`, puts zeroes behind it and deletes it.
read_text:
        system  SYS_OPEN, %esi
        pushl   %eax
        movl    $text, %edi
more:   movl    $text + TEXT_BYTES - 2, %eax
        subl    %edi, %eax
        system  SYS_READ, (%esp), %edi, %eax
        testl   %eax, %eax
        jle     read_all
        addl    %eax, %edi
        jmp     more
read_all:
        movw    $0, (%edi)
        popl    %eax
        system  SYS_CLOSE, %eax
        system  SYS_UNLINK, %esi
        ret

# Each line of `text` is a device: four digits of its place, a tab, four of its vendor. EBP is 1 where one is virtio's.
find_virtio:
        movl    $text, %esi
        xorl    %ebp, %ebp
device: cmpb    $0, (%esi)
        je      found
        cmpl    $0x34666131, 5(%esi)            # "1af4"
        jne     rest_of_line
        movl    $1, %ebp
rest_of_line:
        lodsb
        cmpb    $'\n', %al
        jne     rest_of_line
        jmp     device
found:  ret

# Deletes the modules named in `text`, and loads them before where EBP is 1. One that cannot be loaded is told of: the
# others may be enough.
use_modules:
        movl    $text, %esi
module: cmpb    $0, (%esi)
        je      used
        testl   %ebp, %ebp
        jz      delete
        system  SYS_OPEN, %esi
        movl    %eax, %edi
        system  SYS_FINIT_MODULE, %edi, $no_parameters
        pushl   %eax
        system  SYS_CLOSE, %edi
        popl    %eax
        testl   %eax, %eax
        jns     delete
        pushl   %esi
        movl    $not_loaded, %esi
        call    say
        movl    (%esp), %esi
        call    say
        movl    $line_end, %esi
        call    say
        popl    %esi
delete: system  SYS_UNLINK, %esi
next_module:
        lodsb
        testb   %al, %al
        jnz     next_module
        jmp     module
used:   ret
