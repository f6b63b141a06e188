// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * SPAWNPOL_INHERIT=0: launched programs do not load this library. By default they
 * inherit LD_PRELOAD; for a short-lived program that launches nothing, loading the
 * library costs more than its own launch has gained.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "posix.h"

#define SEPARATORS	" :"

/* What the dynamic linker knows of the object with this name, if it is loaded. */
static struct link_map *loaded_as(const char *name)
{
	void *handle = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
	struct link_map *map = NULL;

	if (!handle)
		return NULL;
	if (dlinfo(handle, RTLD_DI_LINKMAP, &map))
		map = NULL;
	dlclose(handle);
	return map;
}

static struct link_map *this_library(void)
{
	static const char here;
	struct link_map *map = NULL;
	Dl_info info;

	return dladdr1(&here, &info, (void **)&map, RTLD_DL_LINKMAP) ? map : NULL;
}

/*
 * Take the words that name this library out of the list, and separate the others by
 * colons. A word can be a path, a name that is searched for, or have $LIB and the like
 * in it; which library it means is for the dynamic linker to say.
 */
static void take_out_self(char *list)
{
	const struct link_map *self = this_library();
	char *word, *save, *end = list;
	size_t len;

	for (word = strtok_r(list, SEPARATORS, &save); word;
	     word = strtok_r(NULL, SEPARATORS, &save)) {
		if (self && loaded_as(word) == self)
			continue;
		if (end != list)
			*end++ = ':';
		len = strlen(word);
		memmove(end, word, len);
		end += len;
	}
	*end = '\0';
}

/*
 * Before main() is called, nobody else looks at the environment. It is changed in
 * place, so that main()'s third argument shows it, too.
 */
__attribute__((constructor)) static void leave_preload(void)
{
	const char *inherit = secure_getenv("SPAWNPOL_INHERIT");
	const char *preload = getenv("LD_PRELOAD");
	char *list;

	if (!inherit || strcmp(inherit, "0") || !preload)
		return;
	list = strdup(preload);
	if (!list)
		return;
	take_out_self(list);
	if (*list)
		setenv("LD_PRELOAD", list, 1);
	else
		unsetenv("LD_PRELOAD");
	free(list);
}
