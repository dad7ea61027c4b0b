# 32-bit entry point of the repacked kernel: unpacks it with LZ4 and starts it.
#
# The stock kernel comes compressed with XZ. Unpacking that takes an emulated processor most of the boot's instructions;
# LZ4 takes next to none, for a file that is half as large again. The kernel image itself is unchanged.
#
# On entry (Linux boot protocol): ESI points to the boot parameters, segments are flat, interrupts are off, and there is
# no stack to rely on. The payload behind this code is what `lz4 -l` writes: a magic number, then blocks, each with its
# length in front. A length of zero, put there by repack.mjs, ends them.
#
# Symbols given to the assembler: KERNEL_ADDRESS, where the image belongs, and KERNEL_ENTRY, where it starts.

        .code32
        .globl  _start

_start: cld
        # Where are we? A call tells, and the one word of stack for it is in the boot parameters' scratch field.
        leal    0x1e8(%esi), %esp
        call    here
here:   popl    %ebx
        movl    %esi, boot_parameters - here(%ebx)
        leal    payload + 4 - here(%ebx), %esi  # behind the magic number
        movl    $KERNEL_ADDRESS, %edi

next_block:
        lodsl
        testl   %eax, %eax
        jz      start_kernel
        leal    (%esi,%eax), %ebp               # EBP: end of this block

        # A sequence: token, literals, then a copy of something that was unpacked before. EDX keeps the token.
sequence:
        xorl    %eax, %eax
        lodsb
        movl    %eax, %edx
        shrl    $4, %eax
        movl    %eax, %ecx
        cmpb    $15, %al
        jne     literals
more_literals:
        lodsb
        addl    %eax, %ecx
        cmpb    $255, %al
        je      more_literals
literals:
        rep movsb
        cmpl    %ebp, %esi                      # the last sequence of a block has literals only
        jae     next_block

        andl    $15, %edx
        movl    %edx, %ecx
        xorl    %eax, %eax
        lodsw
        movl    %eax, %edx                      # EDX: how far back
        xorl    %eax, %eax
        cmpb    $15, %cl
        jne     copy
more_copy:
        lodsb
        addl    %eax, %ecx
        cmpb    $255, %al
        je      more_copy
copy:   addl    $4, %ecx
        movl    %esi, %eax
        movl    %edi, %esi
        subl    %edx, %esi
        rep movsb                               # byte by byte on purpose: source and target may overlap
        movl    %eax, %esi
        jmp     sequence

start_kernel:
        movl    boot_parameters - here(%ebx), %esi
        movl    $KERNEL_ENTRY, %eax
        jmp     *%eax

        .balign 4
boot_parameters:
        .long   0
        .balign 16
payload:
