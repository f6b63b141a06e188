// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * SPAWNPOL_INHERIT=0: programs that are launched do not load this library. They
 * would inherit LD_PRELOAD, and for one that lives briefly and launches nothing,
 * loading costs more than its own launch has gained.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "posix.h"

#define SEPARATORS	" :"

/* Copy list without the words that are word; the rest is separated by colons. */
static void copy_without(char *to, const char *list, const char *word)
{
	size_t len, word_len = strlen(word);
	char *start = to;

	for (;;) {
		list += strspn(list, SEPARATORS);
		len = strcspn(list, SEPARATORS);
		if (!len)
			break;
		if (len != word_len || memcmp(list, word, len)) {
			if (to != start)
				*to++ = ':';
			memcpy(to, list, len);
			to += len;
		}
		list += len;
	}
	*to = '\0';
}

/*
 * Before main() is called, nobody else looks at the environment. It is changed in
 * place, so that main()'s third argument shows it, too.
 */
__attribute__((constructor)) static void leave_preload(void)
{
	const char *inherit = secure_getenv("SPAWNPOL_INHERIT");
	const char *list = getenv("LD_PRELOAD");
	static const char here;
	Dl_info self;
	char *rest;

	if (!inherit || strcmp(inherit, "0") || !list || !dladdr(&here, &self))
		return;
	rest = malloc(strlen(list) + 1);
	if (!rest)
		return;
	copy_without(rest, list, self.dli_fname);
	if (*rest)
		setenv("LD_PRELOAD", rest, 1);
	else
		unsetenv("LD_PRELOAD");
	free(rest);
}
