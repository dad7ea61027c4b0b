# Read by interactive shells.
case $- in *i*) ;; *) return ;; esac
PS1='\u@\h:\w\$ '
HISTCONTROL=ignoreboth
alias ll='ls -l'
# Colours on the screen only: what comes over the serial line is often read by a program.
[ "$TERM" = linux ] && alias ls='ls --color=auto' grep='grep --color=auto'
