// SPDX-License-Identifier: LGPL-2.1-or-later
/* Policies in the BPF file system. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel.h"
#include "pins.h"
#include "tool.h"

#define LOCK_TRIES	200	/* of 50 ms each: ten seconds */
#define LOCK_WAIT_US	(50 * 1000)
/* Not a policy's name, so that nobody can ask for it. */
#define TEMPORARY	"+"

const char *pins_path(char path[PATH_MAX], const char *name, const char *file)
{
	snprintf(path, PATH_MAX, "%s/%s%s%s", PINS_DIR, name, file ? "/" : "",
		 file ? file : "");
	return path;
}

int pins_check_name(struct tool *t, const char *name)
{
	size_t i, len = strlen(name);
	bool number = true;

	if (!len || len > PINS_NAME_MAX)
		return misuse(t, "the name of a policy or actor has 1 to %d characters",
			      PINS_NAME_MAX);
	for (i = 0; i < len; i++) {
		if (!isalnum((unsigned char)name[i]) && !strchr("_-", name[i]))
			return misuse(t, "'%s' is no name for a policy or actor: only letters, digits, '_' and '-' can be used",
				      name);
		number = number && isdigit((unsigned char)name[i]);
	}
	if (number || name[0] == '-')
		return misuse(t, "'%s' is no name for a policy or actor: it looks like a link or an option",
			      name);
	return 0;
}

bool pins_exists(const char *name)
{
	char path[PATH_MAX];

	return !access(pins_path(path, name, NULL), F_OK);
}

static int list_dir(const char *path,
		    int (*each)(const char *name, void *data), void *data)
{
	struct dirent **entry;
	int i, n, ret = 0;

	n = scandir(path, &entry, NULL, alphasort);
	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		if (!ret && entry[i]->d_name[0] != '.')
			ret = each(entry[i]->d_name, data);
		free(entry[i]);
	}
	free(entry);
	return ret;
}

struct filter {
	const char *prefix;
	int (*each)(const char *name, void *data);
	void *data;
};

static int filter_policy(const char *name, void *data)
{
	const struct filter *f = data;

	if (!strncmp(name, TEMPORARY, strlen(TEMPORARY)))
		return 0;
	return f->each(name, f->data);
}

static int filter_prefix(const char *name, void *data)
{
	const struct filter *f = data;

	if (strncmp(name, f->prefix, strlen(f->prefix)))
		return 0;
	return f->each(name, f->data);
}

int pins_each(int (*each)(const char *name, void *data), void *data)
{
	struct filter f = { "", each, data };

	return list_dir(PINS_DIR, filter_policy, &f);
}

int pins_each_file(const char *name, const char *prefix,
		   int (*each)(const char *file, void *data), void *data)
{
	struct filter f = { prefix, each, data };
	char path[PATH_MAX];

	return list_dir(pins_path(path, name, NULL), filter_prefix, &f);
}

/* Whatever somebody else has put there goes, too. */
static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path) ? -errno : 0;
}

static int remove_dir(const char *name)
{
	char path[PATH_MAX];
	int ret;

	ret = nftw(pins_path(path, name, NULL), remove_entry, 8,
		   FTW_DEPTH | FTW_PHYS);
	return ret == -1 ? -errno : ret;
}

static int sweep(const char *name, void *data)
{
	(void)data;
	if (!strncmp(name, TEMPORARY, strlen(TEMPORARY)))
		remove_dir(name);
	return 0;
}

static int check_bpffs(struct tool *t)
{
	struct statfs fs;

	if (!statfs(BPFFS_DIR, &fs) && fs.f_type == BPF_FS_MAGIC)
		return 0;
	fail(t, ENODEV, "no BPF file system on %s, where policies and actors are kept",
	     BPFFS_DIR);
	advise(t, "mount -t bpf bpf %s", BPFFS_DIR);
	return -ENODEV;
}

static int refused_dir(struct tool *t, int err, const char *what)
{
	int ret = fail(t, err, "cannot %s %s", what, PINS_DIR);

	if (err == EACCES || err == EPERM)
		advise(t, "run %s as root", TOOL_NAME);
	return ret;
}

/* -ENOENT, nothing recorded, if it is not there and not to be made. */
static int open_dir(struct tool *t, bool make)
{
	int fd = open(PINS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return refused_dir(t, errno, "open");
	if (!make)
		return -ENOENT;
	if (mkdir(PINS_DIR, 0700) && errno != EEXIST)
		return refused_dir(t, errno, "make");
	fd = open(PINS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? refused_dir(t, errno, "open") : fd;
}

static int lock(struct tool *t, int fd, enum pins_lock how)
{
	const int mode = how == PINS_READ ? LOCK_SH : LOCK_EX;
	int i;

	for (i = 0; i < LOCK_TRIES; i++) {
		if (!flock(fd, mode | LOCK_NB))
			return 0;
		if (errno != EWOULDBLOCK)
			return fail(t, errno, "cannot lock %s", PINS_DIR);
		usleep(LOCK_WAIT_US);
	}
	fail(t, EWOULDBLOCK, "another %s holds the lock on %s", TOOL_NAME,
	     PINS_DIR);
	advise(t, "fuser %s", PINS_DIR);
	return -EWOULDBLOCK;
}

int pins_lock(struct tool *t, enum pins_lock how)
{
	int fd, ret;

	ret = check_bpffs(t);
	if (ret)
		return ret;
	fd = open_dir(t, how == PINS_CREATE);
	if (fd < 0)
		return fd;
	ret = lock(t, fd, how);
	if (ret) {
		close(fd);
		return ret;
	}
	if (how != PINS_READ)
		list_dir(PINS_DIR, sweep, NULL);
	return fd;
}

void pins_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}

int pins_change(struct tool *t)
{
	int ret = kernel_check_policies(t);

	return ret ? ret : pins_lock(t, PINS_WRITE);
}

int pins_change_by(struct tool *t, int (*change)(struct tool *t, const void *what),
		   const void *what)
{
	int lock, ret;

	lock = pins_change(t);
	if (pins_lock_failed(lock))
		return lock;
	ret = change(t, what);
	pins_unlock(lock);
	return ret;
}

/* bpffs keeps names with dots for itself. */
static void map_file(char *file, size_t size, const char *map)
{
	snprintf(file, size, "map-%s", map);
	for (; *file; file++)
		if (*file == '.')
			*file = '_';
}

static int pin_all(struct tool *t, const char *dir, struct bpf_object *obj,
		   struct bpf_program *prog)
{
	char path[PATH_MAX], file[NAME_MAX];
	struct bpf_map *map;

	if (bpf_obj_pin(bpf_program__fd(prog), pins_path(path, dir, "prog")))
		return fail(t, errno, "cannot pin the program");
	bpf_object__for_each_map(map, obj) {
		if (!bpf_map__autocreate(map))
			continue;
		map_file(file, sizeof(file), bpf_map__name(map));
		if (bpf_obj_pin(bpf_map__fd(map), pins_path(path, dir, file)))
			return fail(t, errno, "cannot pin the map '%s'",
				    bpf_map__name(map));
	}
	return 0;
}

static bool has_prog(const char *name)
{
	char path[PATH_MAX];

	return !access(pins_path(path, name, "prog"), F_OK);
}

/* Somebody has removed the program's pin, and left the rest. */
static int incomplete(struct tool *t, const char *name)
{
	fail(t, ENOENT, "'%s' is incomplete: its program is not pinned",
	     name);
	advise(t, "%s unload %s, which removes what is left of it", TOOL_NAME,
	       name);
	return -ENOENT;
}

static int exists(struct tool *t, const char *name)
{
	if (!has_prog(name))
		return incomplete(t, name);
	fail(t, EEXIST, "a policy or actor '%s' is loaded already", name);
	advise(t, "%s unload %s; or another --name, and %s update to replace that of a link",
	       TOOL_NAME, name, TOOL_NAME);
	return -EEXIST;
}

int pins_add(struct tool *t, const char *name, struct bpf_object *obj,
	     struct bpf_program *prog)
{
	char from[PATH_MAX], to[PATH_MAX];
	int ret;

	if (pins_exists(name))
		return exists(t, name);
	pins_path(from, TEMPORARY, NULL);
	if (mkdir(from, 0700))
		return fail(t, errno, "cannot make %s", from);
	ret = pin_all(t, TEMPORARY, obj, prog);
	if (!ret && rename(from, pins_path(to, name, NULL)))
		ret = fail(t, errno, "cannot rename %s to %s", from, to);
	if (ret)
		remove_dir(TEMPORARY);
	return ret;
}

int pins_remove(struct tool *t, const char *name)
{
	char from[PATH_MAX], to[PATH_MAX];
	int ret;

	if (rename(pins_path(from, name, NULL), pins_path(to, TEMPORARY, NULL)))
		return fail(t, errno, "cannot remove %s", from);
	ret = remove_dir(TEMPORARY);
	return ret ? fail(t, ret, "cannot remove all of %s", from) : 0;
}

static int is_loaded(const char *name, void *data)
{
	(void)name;
	(void)data;
	return 1;
}

static int not_loaded(struct tool *t, const char *name)
{
	if (pins_each(is_loaded, NULL) == 1) {
		fail(t, ENOENT, "no policy or actor '%s' is loaded", name);
		advise(t, "%s list", TOOL_NAME);
	} else {
		fail(t, ENOENT, "no policy or actor '%s' is loaded, nor any other", name);
		advise(t, "%s load OBJECT, such as spawn_policy", TOOL_NAME);
	}
	return -ENOENT;
}

int pins_prog(struct tool *t, const char *name)
{
	char path[PATH_MAX];
	int fd;

	fd = bpf_obj_get(pins_path(path, name, "prog"));
	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return fail(t, errno, "cannot open %s", path);
	if (pins_exists(name))
		return incomplete(t, name);
	return not_loaded(t, name);
}

static const char *link_path(char path[PATH_MAX], const char *name,
			     uint32_t id)
{
	char file[32];

	snprintf(file, sizeof(file), "link-%u", id);
	return pins_path(path, name, file);
}

int pins_add_link(struct tool *t, const char *name, int link_fd, uint32_t id)
{
	char path[PATH_MAX];

	if (bpf_obj_pin(link_fd, link_path(path, name, id)))
		return fail(t, errno, "cannot pin the link as %s", path);
	return 0;
}

bool pins_has_link(const char *name, uint32_t id)
{
	char path[PATH_MAX];

	return !access(link_path(path, name, id), F_OK);
}

struct search {
	uint32_t id;
	char *name;
};

static int has_link(const char *name, void *data)
{
	struct search *s = data;

	if (!pins_has_link(name, s->id))
		return 0;
	strcpy(s->name, name);
	return 1;
}

bool pins_find_link(uint32_t id, char name[NAME_MAX + 1])
{
	struct search s = { id, name };

	return pins_each(has_link, &s) == 1;
}

int pins_move_link(struct tool *t, uint32_t id, const char *from,
		   const char *to)
{
	char a[PATH_MAX], b[PATH_MAX];

	if (!strcmp(from, to))
		return 0;
	if (rename(link_path(a, from, id), link_path(b, to, id)))
		return fail(t, errno, "cannot move %s to %s", a, b);
	return 0;
}

void pins_remove_link(const char *name, uint32_t id)
{
	char path[PATH_MAX];

	unlink(link_path(path, name, id));
}
