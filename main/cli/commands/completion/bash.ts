/** The words that may follow each command: names of commands, or options. */
export type Completions = ReadonlyMap<string, readonly string[]>;

/** A script for bash 4 and later. Where no option or command fits, bash completes names of files. */
export function bashScript(completions: Completions): string {
  const lines = [...completions].map(([path, words]) => `    ['${path}']='${words.join(' ')}'`);
  return `# bash completion for headwater
_headwater() {
  local -A words=(
${lines.join('\n')}
  )
  local current="\${COMP_WORDS[COMP_CWORD]}" path=headwater index
  for ((index = 1; index < COMP_CWORD; index++)); do
    [[ -v words["$path \${COMP_WORDS[index]}"] ]] || break
    path+=" \${COMP_WORDS[index]}"
  done
  COMPREPLY=()
  [[ "$current" != -* && "\${words[$path]}" == -* ]] && return
  mapfile -t COMPREPLY < <(compgen -W "\${words[$path]}" -- "$current")
}
complete -o default -F _headwater headwater
`;
}
