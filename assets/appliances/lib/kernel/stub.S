# 32-bit entry point of the repacked kernel: unpacks it with LZ4 and starts it.
#
# The stock kernel comes compressed with XZ. Unpacking that takes an emulated processor most of the boot's instructions;
# LZ4 takes next to none, for a file that is half as large again. The kernel image itself is unchanged.
#
# On entry (Linux boot protocol): ESI points to the boot parameters, segments are flat, interrupts are off, and there is
# no stack to rely on. Behind this code are the three streams that lz4-streams.mjs makes of an LZ4 file.
#
# Symbols given to the assembler: KERNEL_ADDRESS, where the image belongs, and KERNEL_ENTRY, where it starts; OFFSETS and
# TOKENS, how far behind the literals these streams begin.

        .code32
        .globl  _start

_start: cld
        # Where are we? A call tells, and the one word of stack for it is in the boot parameters' scratch field.
        leal    0x1e8(%esi), %esp
        call    here
here:   popl    %eax
        movl    %esi, %esp                      # ESP keeps the boot parameters: there is no use for a stack
        leal    literals - here(%eax), %esi     # ESI: next literal
        leal    OFFSETS(%esi), %ebp             # EBP: next offset
        leal    TOKENS(%esi), %ebx              # EBX: next token
        movl    $KERNEL_ADDRESS, %edi           # EDI: where the next byte belongs

        # A sequence: token, literals, then a copy of something that was unpacked before. EDX keeps the token.
sequence:
        movzbl  (%ebx), %edx
        incl    %ebx
        movl    %edx, %ecx
        shrl    $4, %ecx
        cmpb    $15, %cl
        jne     copy_literals
more_literals:
        movzbl  (%ebx), %eax
        incl    %ebx
        addl    %eax, %ecx
        cmpb    $255, %al
        je      more_literals
copy_literals:
        rep movsb

        movzwl  (%ebp), %eax                    # EAX: how far back
        addl    $2, %ebp
        testl   %eax, %eax                      # nowhere: the last sequence has literals only
        jz      start_kernel
        movl    %edx, %ecx
        andl    $15, %ecx
        cmpb    $15, %cl
        jne     copy_match
more_match:
        movzbl  (%ebx), %edx
        incl    %ebx
        addl    %edx, %ecx
        cmpb    $255, %dl
        je      more_match
copy_match:
        addl    $4, %ecx
        movl    %esi, %edx
        movl    %edi, %esi
        subl    %eax, %esi
        rep movsb                               # byte by byte on purpose: source and target may overlap
        movl    %edx, %esi
        jmp     sequence

start_kernel:
        movl    %esp, %esi
        movl    $KERNEL_ENTRY, %eax
        jmp     *%eax

        .balign 16
literals:
