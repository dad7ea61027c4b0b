# A boot program that gives a console something to do. It runs in real mode on BIOS calls and takes its orders, one letter
# each, from COM1, where it also answers: `>` when it waits for an order, and lines as told below.
#
#   t  text mode, with a line on the screen
#   a  mode 0x13: 320x200 in 256 colours of the palette        b  mode 0x12: 640x480 in 16 colours, planar
#   c  640x480 in 32 bits                                      d  1024x768 in 32 bits
#      All four draw: pixel or band by its place, as `fill_*` below tell.
#   g  scrolls coloured lines over the 32-bit screen           n  shows noise on it, another one in each frame
#      Both at most 60 times a second, until a byte comes; then they answer with the number of frames, as eight
#      hexadecimal digits.
#   x  asks the display for modes that make no sense, then for a sensible one
#   y  tells the display of a text mode that makes no sense
#   k  answers with the scan codes of keys, until a byte comes  m  uses the mouse, answers with its packets, likewise
#   f  floods COM1 with lines of 62 letters, until a byte comes
#
# Memory: this program from 0x7c00, the answer of the VESA BIOS at 0x600, noise from 2 MiB on.

        .set    PROGRAM_SECTORS, 8
        .set    COM1, 0x3f8
        .set    MODE_INFO, 0x600
        .set    NOISE, 0x200000
        .set    NOISE_WORDS, 0x100000
        .set    FRAME_WORDS, 1024 * 768
        .set    FLAT, 8                         # selector of a segment that is all memory

        .code16
        .globl  _start

_start: ljmp    $0, $1f
1:      xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    $0x7c00, %sp
        sti
        cld
        movw    $rest_of_program, %si
        movb    $0x42, %ah
        int     $0x13
        jnc     main
        hlt

        .balign 4
rest_of_program:
        .byte   16, 0
        .word   PROGRAM_SECTORS - 1
        .word   0x7e00, 0
        .quad   1

        .balign 8
descriptors:
        .quad   0
        .quad   0x00cf92000000ffff
descriptor_table:
        .word   . - descriptors - 1
        .long   descriptors

        .org    510
        .word   0xaa55

main:   call    tick_often
        call    see_all_memory
        call    make_noise
order:  movb    $'>', %al
        call    send
        call    receive
        cmpb    $'t', %al
        je      text
        cmpb    $'a', %al
        je      palette
        cmpb    $'b', %al
        je      planar
        cmpb    $'c', %al
        je      small
        cmpb    $'d', %al
        je      large
        cmpb    $'g', %al
        je      lines
        cmpb    $'n', %al
        je      noise
        cmpb    $'x', %al
        je      absurd
        cmpb    $'y', %al
        je      absurd_text
        cmpb    $'k', %al
        je      keys
        cmpb    $'m', %al
        je      mouse
        cmpb    $'f', %al
        je      flood
        jmp     order

# ------------------------------------------------------------------------------------------------- serial port

# Sends AL; keeps everything.
send:   pushw   %ax
        pushw   %dx
        pushw   %ax
        movw    $(COM1 + 5), %dx
1:      inb     %dx, %al
        testb   $0x20, %al
        jz      1b
        popw    %ax
        movw    $COM1, %dx
        outb    %al, %dx
        popw    %dx
        popw    %ax
        ret

# Waits for a byte, in AL.
receive:
        call    asked
        jz      receive
        movw    $COM1, %dx
        inb     %dx, %al
        ret

# ZF is clear when a byte waits.
asked:  movw    $(COM1 + 5), %dx
        inb     %dx, %al
        testb   $1, %al
        ret

# Sends AL as two hexadecimal digits.
send_hex:
        pushw   %ax
        shrb    $4, %al
        call    1f
        popw    %ax
1:      pushw   %ax
        andb    $15, %al
        addb    $'0', %al
        cmpb    $'9', %al
        jbe     2f
        addb    $('a' - '9' - 1), %al
2:      call    send
        popw    %ax
        ret

end_line:
        movb    $'\r', %al
        call    send
        movb    $'\n', %al
        jmp     send

# Takes the byte that ended an order, and sends EBP, the number of frames.
end_of_frames:
        call    receive
        movw    $4, %cx
1:      roll    $8, %ebp
        movl    %ebp, %eax
        call    send_hex
        loop    1b
        call    end_line
        jmp     order

# ------------------------------------------------------------------------------------------------------ memory

# Makes ES and FS reach all memory by 32-bit offsets, until they are loaded anew.
see_all_memory:
        cli
        lgdt    descriptor_table
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        movw    $FLAT, %bx
        movw    %bx, %es
        movw    %bx, %fs
        andb    $0xfe, %al
        movl    %eax, %cr0
        xorw    %bx, %bx
        movw    %bx, %es
        movw    %bx, %fs
        sti
        ret

# Has the clock interrupt 60 times a second, so that a picture can wait for its time.
tick_often:
        movb    $0x34, %al
        outb    %al, $0x43
        movw    $(1193182 / 60), %ax
        outb    %al, $0x40
        movb    %ah, %al
        outb    %al, $0x40
        ret

make_noise:
        movl    $NOISE, %edi
        movl    $NOISE_WORDS, %ecx
        movl    $0x9e3779b9, %eax
1:      imull   $1664525, %eax
        addl    $1013904223, %eax
        movl    %eax, %edx
        shrl    $8, %edx
        movl    %edx, %fs:(%edi)
        addl    $4, %edi
        decl    %ecx
        jnz     1b
        ret

# ------------------------------------------------------------------------------------------------------- modes

text:   movw    $3, %ax
        int     $0x10
        movw    $words, %si
1:      lodsb
        testb   %al, %al
        jz      order
        movb    $0x0e, %ah
        movw    $7, %bx
        int     $0x10
        jmp     1b
words:  .asciz  "This is text."

# Each pixel is of the colour x XOR y.
palette:
        movw    $0x13, %ax
        int     $0x10
        movl    $0xa0000, %edi
        xorw    %bx, %bx                        # y
2:      xorw    %cx, %cx                        # x
3:      movb    %cl, %al
        xorb    %bl, %al
        movb    %al, %fs:(%edi)
        incl    %edi
        incw    %cx
        cmpw    $320, %cx
        jb      3b
        incw    %bx
        cmpw    $200, %bx
        jb      2b
        jmp     order

# Each row is of the colour y / 30.
planar: movw    $0x12, %ax
        int     $0x10
        movl    $0xa0000, %edi
        movw    $0x3ce, %dx
        movw    $0xff01, %ax                    # all planes from the set/reset register
        outw    %ax, %dx
        xorw    %bx, %bx
2:      movw    %bx, %ax
        movb    $30, %cl
        divb    %cl
        movb    %al, %ah
        movb    $0, %al                         # set/reset
        movw    $0x3ce, %dx
        outw    %ax, %dx
        movw    $80, %cx
3:      movb    $0xff, %fs:(%edi)
        incl    %edi
        loop    3b
        incw    %bx
        cmpw    $480, %bx
        jb      2b
        movw    $0x0001, %ax
        outw    %ax, %dx
        jmp     order

small:  movw    $0x142, %cx
        movw    $640, width
        movw    $480, height
        jmp     true_colour
large:  movw    $0x144, %cx
        movw    $1024, width
        movw    $768, height

# Each pixel is of red x, green y, blue 128, modulo 256.
true_colour:
        pushw   %cx
        movw    $0x4f01, %ax
        movw    $MODE_INFO, %di
        int     $0x10
        popw    %bx
        orw     $0x4000, %bx
        movw    $0x4f02, %ax
        int     $0x10
        call    see_all_memory
        movl    MODE_INFO + 0x28, %edi
        xorw    %bx, %bx                        # y
2:      xorw    %cx, %cx                        # x
3:      movzbl  %cl, %eax
        shll    $8, %eax
        movb    %bl, %al
        shll    $8, %eax
        movb    $128, %al
        movl    %eax, %fs:(%edi)
        addl    $4, %edi
        incw    %cx
        cmpw    width, %cx
        jb      3b
        incw    %bx
        cmpw    height, %bx
        jb      2b
        jmp     order
width:  .word   0
height: .word   0

lines:  xorl    %ebp, %ebp
1:      call    asked
        jnz     end_of_frames
        movl    MODE_INFO + 0x28, %edi
        movw    $768, %bx
2:      movzwl  %bx, %eax
        addl    %ebp, %eax
        imull   $0x10305, %eax
        movl    $1024, %ecx
3:      movl    %eax, %fs:(%edi)
        addl    $4, %edi
        decl    %ecx
        jnz     3b
        decw    %bx
        jnz     2b
        incl    %ebp
        hlt
        jmp     1b

noise:  xorl    %ebp, %ebp
1:      call    asked
        jnz     end_of_frames
        movl    MODE_INFO + 0x28, %edi
        movl    %ebp, %eax
        imull   $4093, %eax
        andl    $0x3ffff, %eax
        leal    NOISE(,%eax,4), %esi
        movl    $FRAME_WORDS, %ecx
        addr32 rep movsl %fs:(%esi), %es:(%edi)
        incl    %ebp
        hlt
        jmp     1b

# Writes the numbers of `absurd_modes` to the registers of the display: width, height and bits, then on.
absurd: movw    $absurd_modes, %si
1:      movw    $4, %ax                         # off
        xorw    %bx, %bx
        call    set_display
        movw    $1, %cx
2:      lodsw
        movw    %ax, %bx
        movw    %cx, %ax
        call    set_display
        incw    %cx
        cmpw    $4, %cx
        jb      2b
        movw    $4, %ax
        movw    $0x41, %bx
        call    set_display
        movl    $2000000, %ecx                  # long enough to be seen
3:      decl    %ecx
        jnz     3b
        cmpw    $absurd_modes_end, %si
        jb      1b
        jmp     order

# Register AX of the display gets BX.
set_display:
        movw    $0x1ce, %dx
        outw    %ax, %dx
        incw    %dx
        movw    %bx, %ax
        outw    %ax, %dx
        ret

absurd_modes:
        .word   0xffff, 0xffff, 32
        .word   0, 0, 32
        .word   1, 1, 8
        .word   4096, 4096, 24
        .word   1, 0xffff, 16
        .word   0xffff, 1, 15
        .word   3000, 2000, 0
        .word   800, 600, 7
        .word   2560, 1600, 32
        .word   640, 480, 32
absurd_modes_end:

# As wide as it goes, as high as it goes, lines of 32 pixels, cursor outside.
absurd_text:
        movw    $3, %ax
        int     $0x10
        movw    $0x3d4, %dx
        movw    $absurd_registers, %si
1:      lodsw
        outw    %ax, %dx
        cmpw    $absurd_registers_end, %si
        jb      1b
        jmp     order
absurd_registers:
        .byte   0x11, 0x0e, 0x01, 0xff, 0x07, 0xff, 0x12, 0xff, 0x09, 0x1f, 0x13, 0xff
        .byte   0x0e, 0xff, 0x0f, 0xff, 0x0a, 0x1f, 0x0b, 0x00, 0x0c, 0xff
absurd_registers_end:

# ------------------------------------------------------------------------------------------ keyboard and mouse

# Without interrupts: the BIOS would take the bytes.
quiet:  inb     $0x21, %al
        orb     $0x02, %al
        outb    %al, $0x21
        inb     $0xa1, %al
        orb     $0x10, %al
        outb    %al, $0xa1
        ret

keys:   call    quiet
        movb    $'!', %al                       # from now on
        call    send
1:      call    asked
        jnz     end_of_keys
        inb     $0x64, %al
        testb   $1, %al
        jz      1b
        movb    %al, %ah
        inb     $0x60, %al
        testb   $0x20, %ah
        jnz     1b
        call    send_hex
        jmp     1b
end_of_keys:
        call    receive
        call    end_line
        inb     $0x21, %al
        andb    $0xfd, %al
        outb    %al, $0x21
        jmp     order

mouse:  call    quiet
        movb    $0xa8, %al
        outb    %al, $0x64
        movb    $0xd4, %al
        outb    %al, $0x64
        movb    $0xf4, %al
        outb    %al, $0x60
        movb    $'!', %al
        call    send
1:      call    asked
        jnz     end_of_keys
        inb     $0x64, %al
        testb   $1, %al
        jz      1b
        movb    %al, %ah
        inb     $0x60, %al
        testb   $0x20, %ah
        jz      1b
        call    send_hex
        jmp     1b

# ------------------------------------------------------------------------------------------------------- flood

flood:  call    asked
        jnz     end_of_keys
        movb    $'A', %al
1:      call    send
        incb    %al
        cmpb    $('A' + 62), %al
        jb      1b
        call    end_line
        jmp     flood

        .org    PROGRAM_SECTORS * 512
