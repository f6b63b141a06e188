# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For patches.sh: the series as one would send it. The commit with the new files
# becomes several, by subject, and last what makes the kernel build them.

# By number, from 1, what kernel-patches/export says of each patch.
SUBJECTS=() PATTERNS=() TEXTS=()

read_table()
{
	local line n=0
	SUBJECTS=() PATTERNS=() TEXTS=()
	while IFS= read -r line; do
		case $line in
		'#'*) continue ;;
		'Subject: '*) SUBJECTS[++n]=${line#*: } PATTERNS[n]='' TEXTS[n]='' ;;
		'Files: '*) PATTERNS[n]+=" ${line#*: }" ;;
		*) TEXTS[n]+=$line$'\n' ;;
		esac
	done <"$PATCHES/export"
}

# number_of FILE: of the first patch with a pattern for it
number_of()
{
	local n pattern
	local -a patterns
	for n in "${!SUBJECTS[@]}"; do
		read -ra patterns <<<"${PATTERNS[n]}"
		for pattern in "${patterns[@]}"; do
			# shellcheck disable=SC2053 # it is a pattern
			[[ $1 == $pattern ]] && { echo "$n"; return 0; }
		done
	done
	return 1
}

unexported_files()
{
	local file
	new_files | while read -r file; do
		number_of "$file" >/dev/null || echo "$file"
	done
}

# commit_like COMMIT TREE PARENT: a commit by the same author, message on stdin
commit_like()
{
	local name email date
	{ read -r name; read -r email; read -r date; } < <(
		git show -s --format='%an%n%ae%n%ad' --date=raw "$1")
	GIT_AUTHOR_NAME=$name GIT_AUTHOR_EMAIL=$email GIT_AUTHOR_DATE=$date \
		GIT_COMMITTER_DATE=$date git commit-tree -p "$3" "$2"
}

# message NUMBER COMMIT: with COMMIT's trailers
message()
{
	{
		printf '%s\n\n%s\n\n' "${SUBJECTS[$1]}" "${TEXTS[$1]}"
		git show -s --format=%B "$2" | git interpret-trailers --parse
	} | git stripspace
}

# divide COMMIT: print the last of several commits that together are COMMIT.
divide()
{
	local commit=$1 parent tree n file number
	local -A members=()
	while read -r file; do
		number=$(number_of "$file") ||
			{ note "kernel-patches/export has no place for $file"; return 1; }
		members[$number]+=$file$'\n'
	done < <(git_names . --diff-filter=A "$commit^" "$commit")
	parent=$(git rev-parse "$commit^")
	export GIT_INDEX_FILE=$WORK/index
	git read-tree "$parent" || return 1
	for n in "${!SUBJECTS[@]}"; do
		[[ ${members[$n]:-} ]] || continue
		printf '%s' "${members[$n]}" |
			xargs git ls-tree --full-tree "$commit" -- |
			git update-index --index-info || return 1
		tree=$(git write-tree) &&
			parent=$(message "$n" "$commit" |
				commit_like "$commit" "$tree" "$parent") || return 1
	done
	unset GIT_INDEX_FILE
	git show -s --format=%B "$commit" |
		commit_like "$commit" "$commit^{tree}" "$parent"
}

# divided_head: the commit that HEAD would be if the one with the files were several
divided_head()
{
	local commit head
	commit=$(files_commit .) || return 1
	[[ $commit ]] || { git rev-parse HEAD; return; }
	head=$(divide "$commit") || return 1
	for commit in $(git rev-list --reverse "$commit..HEAD"); do
		head=$(git show -s --format=%B "$commit" |
			commit_like "$commit" "$commit^{tree}" "$head") || return 1
	done
	echo "$head"
}

# The patches in TO applied to the base by git am, without fuzz, are HEAD's files.
try_export()
{
	local head
	head=$(git rev-parse 'HEAD^{tree}')
	git_names . refs/tags/base HEAD | sed 's,^,/,' |
		git sparse-checkout set --no-cone --stdin &&
		git checkout -q --detach refs/tags/base &&
		git am -q --no-3way "$1"/*.patch || return 1
	[[ $(git rev-parse 'HEAD^{tree}') == "$head" ]] && return
	git diff --stat "$head" HEAD
	return 1
}

# export_to TO: in a copy of the tree, which stays as it is.
export_to()
{
	local head
	read_table
	head=$(divided_head) &&
		git format-patch -q -n --no-signature --no-renames -o "$1" \
			"refs/tags/base..$head" &&
		phase "applying what was exported to the base" try_export "$1"
}

do_export()
{
	local dir=${1:-$TREE} to=${2:-}
	is_tree "$dir" || die "$dir is no git tree with a tag 'base'"
	[[ ! $to || ! -e $to ]] || die "$to exists; remove it or name another directory"
	if [[ ! $to ]]; then
		to=$CACHE/export
		rm -rf "$to"
	fi
	mkdir -p "$to" && to=$(cd "$to" && pwd) || exit 1
	git clone -q --shared --no-checkout "$dir" "$WORK/copy" || exit 1
	(cd "$WORK/copy" && export_to "$to") || { rm -rf "$to"; exit 1; }
	note "$to has $(find "$to" -name '*.patch' | wc -l) patches"
}
