package completion

// scripts are the code for the shells. NAME is the program's name and ASKED its
// first argument. The program is called by the word that was typed, which may be a
// path.
var scripts = map[string]string{
	"bash": `_NAME_complete() {
	local line
	COMPREPLY=()
	while IFS= read -r line; do
		case "$line" in
		:files) compopt -o default ;;
		:directories) compopt -o dirnames ;;
		*) COMPREPLY+=("$line") ;;
		esac
	done < <("${COMP_WORDS[0]}" ASKED bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _NAME_complete NAME
`,
	"zsh": `#compdef NAME
_NAME_complete() {
	local line
	local -a found
	for line in "${(@f)$("${words[1]}" ASKED zsh "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
		case "$line" in
		:files) _files ;;
		:directories) _files -/ ;;
		?*) found+=("${${line%%$'\t'*}//:/\\:}${${(M)line%$'\t'*}:+:${line#*$'\t'}}") ;;
		esac
	done
	(( ${#found} )) && _describe NAME found
}
compdef _NAME_complete NAME
`,
	"fish": `function __NAME_complete
	set -l words (commandline -opc) (commandline -ct)
	for line in ($words[1] ASKED fish $words[2..-1] 2>/dev/null)
		switch $line
			case :files
				__fish_complete_path (commandline -ct)
			case :directories
				__fish_complete_directories (commandline -ct)
			case '*'
				echo $line
		end
	end
end
complete -c NAME -f -a '(__NAME_complete)'
`,
}
