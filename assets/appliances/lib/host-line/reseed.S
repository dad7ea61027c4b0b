# Has the kernel's random numbers begin anew from what was written to /dev/urandom. Written there it counts only at the
# next reseeding, up to a minute later; until then a guest that goes on from a saved state has the random numbers that
# every other one from this state has. There is a request for it (random(4), RNDRESEEDCRNG), but no command.

        .set    SYS_EXIT, 1
        .set    SYS_OPEN, 5
        .set    SYS_IOCTL, 54
        .set    O_WRONLY, 1
        .set    RNDRESEEDCRNG, 0x5207

        .section .rodata
device: .asciz  "/dev/urandom"

        .text
        .globl  _start
_start:
        mov     $SYS_OPEN, %eax
        mov     $device, %ebx
        mov     $O_WRONLY, %ecx
        int     $0x80
        test    %eax, %eax
        js      exit

        mov     %eax, %ebx
        mov     $SYS_IOCTL, %eax
        mov     $RNDRESEEDCRNG, %ecx
        xor     %edx, %edx
        int     $0x80

# With 0, or with what the kernel refused it for.
exit:
        mov     %eax, %ebx
        neg     %ebx
        mov     $SYS_EXIT, %eax
        int     $0x80
