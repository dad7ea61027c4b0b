# Disk tour: a boot program that exercises a disk and tells what it saw. README.md describes what it prints, the checksum
# and the patterns, so that a test can compute the same from the outside.
#
# It runs in real mode on nothing but BIOS calls, from PROGRAM_SECTORS sectors at the start of the disk. Everything that is
# printed goes to the screen and to COM1; keys are taken from both.
#
# Memory: this program from 0x7c00, one buffer of BUFFER_SECTORS sectors at 0x10000 (segment 0x1000).

        .set    PROGRAM_SECTORS, 8
        .set    BUFFER_SECTORS, 64
        .set    BUFFER_SEGMENT, 0x1000
        .set    COM1, 0x3f8

        .set    FNV_BASIS, 0x811c9dc5
        .set    FNV_PRIME, 0x01000193

        .set    PLACES, 8                       # where `f` writes: one place per eighth of the disk
        .set    PLACE_SECTORS, 16
        .set    PLACE_OFFSET, 120               # eight sectors before the first 64 KiB line in that eighth

        .code16
        .globl  _start

# ---------------------------------------------------------------------------------------------- boot sector

_start: ljmp    $0, $1f
1:      xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    $0x7c00, %sp
        sti
        cld
        movb    %dl, drive
        movw    $rest_of_program, %si
        movb    $0x42, %ah
        int     $0x13
        jnc     main
        movw    $cannot_load, %si
        call    print
        jmp     stop

stop:   cli
1:      hlt
        jmp     1b

# Prints the text at DS:SI up to its zero byte.
print:  lodsb
        testb   %al, %al
        jz      1f
        call    print_char
        jmp     print
1:      ret

# Prints AL.
print_char:
        pushal
        movb    %al, %cl
        movb    $0x0e, %ah
        movw    $7, %bx
        int     $0x10
        movw    $(COM1 + 5), %dx
        movw    $0x4000, %bx                    # a serial port that never gets ready must not stop the tour
1:      decw    %bx
        jz      2f
        inb     %dx, %al
        testb   $0x20, %al
        jz      1b
        movw    $COM1, %dx
        movb    %cl, %al
        outb    %al, %dx
2:      popal
        ret

drive:  .byte   0
cannot_load:
        .asciz  "Disk tour: cannot read the program\r\n"

        .balign 4
rest_of_program:
        .byte   16, 0
        .word   PROGRAM_SECTORS - 1
        .word   0x7e00, 0
        .quad   1

        .org    510
        .word   0xaa55

# ---------------------------------------------------------------------------------------------- the tour

main:   movw    $greeting, %si
        call    print
        movw    $disk_facts, %si
        movw    $30, disk_facts
        movb    drive, %dl
        movb    $0x48, %ah
        int     $0x13
        jc      no_facts
        movl    disk_facts + 16, %eax
        movl    %eax, total
        call    print_hex
        movw    $end_of_line, %si
        call    print
        call    read_all

command:
        movw    $prompt, %si
        call    print
        call    wait_key
        call    print_char
        pushw   %ax
        movw    $end_of_line, %si
        call    print
        popw    %ax
        cmpb    $'r', %al
        je      1f
        cmpb    $'w', %al
        je      2f
        cmpb    $'f', %al
        je      3f
        cmpb    $'h', %al
        je      4f
        movw    $help, %si
        call    print
        jmp     command
1:      call    read_all
        jmp     command
2:      call    write_counter
        jmp     command
3:      call    fill_places
        jmp     command
4:      movw    $halted, %si
        call    print
        jmp     stop

no_facts:
        movw    $no_facts_text, %si
        call    print
        jmp     stop

# Waits for a key from the keyboard or the serial line; returns it in AL. AX only.
wait_key:
        movb    $1, %ah
        int     $0x16
        jnz     1f
        pushw   %dx
        movw    $(COM1 + 5), %dx
        inb     %dx, %al
        testb   $1, %al
        jnz     2f
        popw    %dx
        hlt                                     # the timer wakes us 18 times a second
        jmp     wait_key
1:      xorb    %ah, %ah
        int     $0x16
        ret
2:      movw    $COM1, %dx
        inb     %dx, %al
        popw    %dx
        ret

# ---------------------------------------------------------------------------------------------- r: read everything

# Reads the disk from the first to the last sector and prints a dot per sixteenth and the checksum.
read_all:
        movw    $reading, %si
        call    print
        movl    $0, lba
        movl    $FNV_BASIS, checksum
        movl    total, %eax
        shrl    $4, %eax
        movl    %eax, dot_distance
        movl    %eax, next_dot

1:      movl    total, %eax
        subl    lba, %eax
        jz      4f
        cmpl    $BUFFER_SECTORS, %eax
        jbe     2f
        movl    $BUFFER_SECTORS, %eax
2:      movw    %ax, count
        movb    $0x42, %ah
        call    transfer
        jc      disk_error
        call    add_to_checksum
        movzwl  count, %eax
        addl    %eax, lba

3:      movl    lba, %eax
        cmpl    next_dot, %eax
        jb      1b
        movl    dot_distance, %eax
        testl   %eax, %eax                      # a disk of fewer than 16 sectors gets no dots
        jz      1b
        addl    %eax, next_dot
        movb    $'.', %al
        call    print_char
        jmp     3b

4:      movw    $checksum_text, %si
        call    print
        movl    checksum, %eax
        call    print_hex
        movw    $end_of_line, %si
        jmp     print

# FNV-1a, one 32-bit little-endian word at a time instead of one byte: sum = (sum xor word) * prime.
add_to_checksum:
        movzwl  count, %ecx
        shll    $7, %ecx
        movl    checksum, %edx
        pushw   %ds
        movw    $BUFFER_SEGMENT, %ax
        movw    %ax, %ds
        xorw    %si, %si
1:      lodsl
        xorl    %eax, %edx
        imull   $FNV_PRIME, %edx, %edx
        decl    %ecx
        jnz     1b
        popw    %ds
        movl    %edx, checksum
        ret

# ---------------------------------------------------------------------------------------------- w: count in the last sector

write_counter:
        movl    total, %eax
        decl    %eax
        movl    %eax, lba
        movw    $1, count
        movb    $0x42, %ah
        call    transfer
        jc      disk_error
        movw    $BUFFER_SEGMENT, %ax
        movw    %ax, %fs
        incl    %fs:0
        movw    $0x4300, %ax
        call    transfer
        jc      disk_error
        movb    $0x42, %ah                      # what is printed is what the disk gives back
        call    transfer
        jc      disk_error
        movw    $counter_text, %si
        call    print
        movl    %fs:0, %eax
        call    print_hex
        movw    $written, %si
        jmp     print

# ---------------------------------------------------------------------------------------------- f: fill places and verify

fill_places:
        incl    round
        movl    $0, place
        movl    $0, bad_words
1:      call    next_place
        call    make_pattern
        movw    $0x4300, %ax
        call    transfer
        jc      disk_error
        incl    place
        cmpl    $PLACES, place
        jb      1b

        movl    $0, place
2:      call    next_place
        movb    $0x42, %ah
        call    transfer
        jc      disk_error
        call    compare_pattern
        incl    place
        cmpl    $PLACES, place
        jb      2b

        movw    $fill_text, %si
        call    print
        movl    round, %eax
        call    print_hex
        movw    $bad_text, %si
        call    print
        movl    bad_words, %eax
        call    print_hex
        movw    $end_of_line, %si
        jmp     print

# Sets `lba` and `count` for the place with number `place`.
next_place:
        movl    total, %eax
        shrl    $3, %eax
        imull   place, %eax
        addl    $PLACE_OFFSET, %eax
        movl    %eax, lba
        movw    $PLACE_SECTORS, count
        ret

# Word w of the place (counted from its start): (first sector * 2654435761 + round * 2246822519 + w), modulo 2^32.
first_word:
        imull   $0x9e3779b1, lba, %eax
        imull   $0x85ebca77, round, %edx
        addl    %edx, %eax
        ret

make_pattern:
        call    first_word
        movw    $BUFFER_SEGMENT, %dx
        movw    %dx, %es
        xorw    %di, %di
        movw    $(PLACE_SECTORS * 128), %cx
1:      stosl
        incl    %eax
        loop    1b
        xorw    %dx, %dx
        movw    %dx, %es
        ret

compare_pattern:
        call    first_word
        movw    $BUFFER_SEGMENT, %dx
        movw    %dx, %es
        xorw    %di, %di
        movw    $(PLACE_SECTORS * 128), %cx
1:      scasl
        je      2f
        incl    bad_words
2:      incl    %eax
        loop    1b
        xorw    %dx, %dx
        movw    %dx, %es
        ret

# ---------------------------------------------------------------------------------------------- helpers

# Reads (AH 0x42) or writes (AX 0x4300) `count` sectors at `lba` with the buffer. Carry and AH tell of a failure.
transfer:
        movw    $request, %si
        movb    drive, %dl
        pushw   %ax
        movw    count, %ax                      # the BIOS may change the count it was given
        movw    %ax, request + 2
        movl    lba, %eax
        movl    %eax, request + 8
        popw    %ax
        int     $0x13
        ret

# Prints what the BIOS said and returns to whoever called the command's routine.
disk_error:
        movzbl  %ah, %eax
        pushl   %eax
        movw    $error_text, %si
        call    print
        popl    %eax
        call    print_hex
        movw    $at_sector, %si
        call    print
        movl    lba, %eax
        call    print_hex
        movw    $end_of_line, %si
        jmp     print

# Prints EAX as eight hexadecimal digits.
print_hex:
        pushal
        movl    %eax, %ebx
        movw    $8, %cx
1:      roll    $4, %ebx
        movb    %bl, %al
        andb    $15, %al
        cmpb    $10, %al
        sbbb    $0x69, %al                      # the classic way from a digit's value to its ASCII code
        das
        orb     $0x20, %al                      # letters in lower case; digits have the bit set already
        call    print_char
        loop    1b
        popal
        ret

greeting:       .asciz  "Disk tour ready\r\nsectors "
end_of_line:    .asciz  "\r\n"
reading:        .asciz  "reading "
checksum_text:  .asciz  "\r\nchecksum "
prompt:         .asciz  "tour> "
help:           .asciz  "r: read all  w: write counter  f: fill and verify  h: halt\r\n"
counter_text:   .asciz  "counter "
written:        .asciz  " written\r\n"
fill_text:      .asciz  "fill round "
bad_text:       .asciz  " wrong words "
error_text:     .asciz  "\r\ndisk error "
at_sector:      .asciz  " at sector "
no_facts_text:  .asciz  "unknown: the BIOS does not tell the size\r\n"
halted:         .asciz  "halted\r\n"

        .balign 4
total:          .long   0
lba:            .long   0
checksum:       .long   0
dot_distance:   .long   0
next_dot:       .long   0
round:          .long   0
place:          .long   0
bad_words:      .long   0
count:          .word   0, 0
request:        .byte   16, 0
                .word   0
                .word   0, BUFFER_SEGMENT
                .quad   0
disk_facts:     .space  32

        .org    PROGRAM_SECTORS * 512
