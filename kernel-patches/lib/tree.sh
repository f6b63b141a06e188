# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For patches.sh: from the series to trees, and from a git tree to the series.

patch_paths() { series_list | sed "s,^,$SERIES/,"; }

series_size() { echo "$(series_list | wc -l) patches and $(new_files | wc -l) new files"; }

series_is_there()
{
	[[ $(series_list) ]] || { echo "the series is empty" >&2; return 1; }
}

# The files that the patches change.
patched_files()
{
	patch_paths | xargs -r sed -nE 's,^(---|\+\+\+) [ab]/,,p' | sort -u
}

# The files that the series changes or adds.
touched_files() { { patched_files; new_files; } | sort -u; }

# The files that the series touches, what checkpatch.pl needs, and
# .gitattributes, which decides what git writes after the second @@.
needed_files()
{
	touched_files
	printf '%s\n' .gitattributes scripts include/linux \
		COPYING CREDITS Kbuild MAINTAINERS Makefile README
}

# partial_tree TARBALL DIR: only those. tar calls it an error that the files
# which the series adds are not there.
partial_tree()
{
	needed_files | sed "s,^,$PACKAGE/," >"$WORK/needed"
	mkdir -p "$2"
	tar -xf "$1" -C "$2" --strip-components=1 -T "$WORK/needed" 2>/dev/null
	(cd "$2" && mkdir -p Documentation arch drivers fs init ipc kernel lib)
	[[ -e $2/Makefile ]]
}

# The same of the pinned base, kept in the cache.
base_partial_tree()
{
	local key tarball dir
	key=$({ echo "$SHA256"; needed_files; } | sha256sum | cut -c1-16)
	dir=$CACHE/partial-$key
	if [[ ! -d $dir ]]; then
		rm -rf "$CACHE"/partial-*
		tarball=$(base_tarball) || exit 1
		partial_tree "$tarball" "$dir.part" ||
			die "cannot unpack $tarball"
		mv "$dir.part" "$dir"
	fi
	echo "$dir"
}

# copy_base DIR: those files of the base that the series touches.
copy_base()
{
	local base
	base=$(base_partial_tree) || exit 1
	mkdir "$1" && (cd "$base" && { touched_files; echo .gitattributes; } |
		while read -r f; do
			[[ ! -e $f ]] || cp --parents "$f" "$1" || exit 1
		done)
}

is_tree() { git -C "$1" rev-parse -q --verify 'refs/tags/base^0' >/dev/null; }

# import DIR: make the source in DIR a git tree with one commit, tagged base.
import()
{
	# Debian's list ends by ignoring everything, which would hide new files.
	[[ ! -e $1/.gitignore ]] || sed -i '\,^/\*$,d; \,^!/debian/$,d' "$1/.gitignore"
	git -C "$1" init -q -b spawnpol &&
		git -C "$1" add -A &&
		git -C "$1" commit -q -m "$PACKAGE $VERSION" &&
		git -C "$1" tag base
}

# am DIR: the patches on stdin
am()
{
	sed "s,^,$SERIES/," | xargs -r git -C "$1" am -q --keep-non-patch \
		--committer-date-is-author-date
}

# commit_files DIR: let the last commit add the new files, too.
commit_files()
{
	local date
	date=$(git -C "$1" log -1 --format=%ad --date=raw) && add_files "$1" &&
		new_files | GIT_LITERAL_PATHSPECS=1 git -C "$1" add -f \
			--pathspec-from-file=- &&
		GIT_COMMITTER_DATE=$date git -C "$1" commit -q --amend --no-edit \
			--cleanup=verbatim --no-verify
}

# commit_series DIR: each patch is a commit; one has the new files with it.
commit_series()
{
	local with
	with=$(files_patch)
	if [[ ! $with ]]; then
		series_list | am "$1"
		return
	fi
	series_list | sed "/^$with\$/q" | am "$1" && commit_files "$1" &&
		series_list | sed "1,/^$with\$/d" | am "$1"
}

# --- from a git tree ---------------------------------------------------------

# git_names DIR ARGUMENT...: a list of files from git diff
git_names()
{
	git -C "$1" -c core.quotePath=false diff --no-renames --name-only "${@:2}"
}

added_files() { git_names "$1" --diff-filter=A refs/tags/base HEAD; }

# files_commit DIR: the commit that adds files; nothing if none does.
files_commit()
{
	local -a commits
	local only
	mapfile -t commits < <(git -C "$1" log --no-renames --diff-filter=A \
		--format=%H refs/tags/base..HEAD)
	((${#commits[@]})) || return 0
	if ((${#commits[@]} > 1)); then
		note "several commits of $1 add files. One has to add all of them:" \
			"make them one with git rebase -i refs/tags/base"
		git -C "$1" show -s --format='  %h %s' "${commits[@]}" >&2
		return 1
	fi
	only=$(comm -23 <(git_names "$1" --diff-filter=A "${commits[0]}^" "${commits[0]}" | sort) \
		<(added_files "$1" | sort))
	if [[ $only ]]; then
		note "a later commit of $1 removes these new files again; take them out" \
			"of commit ${commits[0]:0:12} with git rebase -i refs/tags/base:"
		echo "$only" >&2
		return 1
	fi
	echo "${commits[0]}"
}

# all_but_files DIR: pathspecs for all files except those that the series adds
all_but_files() { echo :/; added_files "$1" | sed 's/^/:(top,exclude,literal)/'; }

# Changes of other commits to new files are kept, their messages are not.
note_folded()
{
	local -a paths
	mapfile -t paths < <(added_files "$1" | sed 's/^/:(top,literal)/')
	git -C "$1" log --reverse --format='%h %s' "$2..HEAD" -- "${paths[@]}" |
		while read -r commit; do
			note "$commit: its changes to new files become part of files/"
		done
}

# write_files DIR COMMIT TO: the new files as HEAD has them.
write_files()
{
	local -a paths
	mapfile -t paths < <(added_files "$1")
	note_folded "$1" "$2"
	mkdir -p "$3" && git -C "$1" -c tar.umask=0022 archive HEAD -- "${paths[@]}" |
		tar -x -C "$3"
}

# write_list DIR NUMBER: the patches in DIR, of which that one has the new files.
write_list()
{
	echo "# SPDX-License-Identifier: LGPL-2.1-or-later"
	echo "# The order in which the patches apply; the new files come with the one"
	echo "# that is marked so. Written by patches.sh refresh."
	(cd "$1" && ls -- *.patch 2>/dev/null) |
		awk -v marked="$2" '{ print $0 (NR == marked ? " files" : "") }'
}

# write_series DIR TO: the commits base..HEAD as patches, their list, new files.
write_series()
{
	local base commit number=0
	local -a paths
	base=$(base_partial_tree) || return 1
	commit=$(files_commit "$1") || return 1
	mapfile -t paths < <(all_but_files "$1")
	mkdir "$2" || return 1
	if [[ $commit ]]; then
		write_files "$1" "$commit" "$2/files" || return 1
		if git -C "$1" diff --quiet "$commit^" "$commit" -- "${paths[@]}"; then
			note "commit ${commit:0:12} of $1 adds files and changes none;" \
				"move the change of the Makefile that builds them there"
			return 1
		fi
		number=$(git -C "$1" rev-list --count "refs/tags/base..$commit" \
			-- "${paths[@]}")
	elif [[ $(new_files) ]]; then
		note "no commit of $1 adds files, but kernel-patches has new files;" \
			"remove them there if the series is to have none"
		return 1
	fi
	# a clone of the tree has no .gitattributes: the kernel's .gitignore names it
	git -C "$1" -c core.attributesFile="$base/.gitattributes" \
		format-patch -q --zero-commit --no-signature -N \
		--full-index --no-renames -o "$2" refs/tags/base..HEAD -- "${paths[@]}" &&
		write_list "$2" "$number" >"$2/series"
}
