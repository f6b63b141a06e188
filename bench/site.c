// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "stamp.h"

const char *built(const char *name)
{
	static char path[4200];
	char self[4000] = "";

	must_sys(readlink("/proc/self/exe", self, sizeof(self) - 1));
	*strrchr(self, '/') = '\0';
	snprintf(path, sizeof(path), "%s/../%s", self, name);
	return path;
}

void copy_program(const char *from, const char *to)
{
	struct stat st;
	int in, out;

	in = must_sys(open(from, O_RDONLY | O_CLOEXEC));
	must_sys(fstat(in, &st));
	out = must_sys(open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
	if (must_sys(sendfile(out, in, NULL, st.st_size)) != st.st_size)
		give_up(0, "%s: short copy", to);
	close(in);
	close(out);
}

static char *text(const char *fmt, const char *a, unsigned int b)
{
	char *out;

	if (asprintf(&out, fmt, a, b) < 0)
		give_up(-ENOMEM, "a path");
	return out;
}

static void make_directories(struct site *site)
{
	char *dir, *path = NULL, *longer;

	for (unsigned int i = 0; i <= site->misses; i++) {
		dir = text("%s/d%u", site->root, i);
		must_sys(mkdir(dir, 0755));
		if (asprintf(&longer, "%s%s%s", path ?: "", path ? ":" : "",
			     dir) < 0)
			give_up(-ENOMEM, "PATH");
		free(path);
		path = longer;
		site->candidates[i] = text("%s/" SITE_PROGRAM, dir, 0);
		free(dir);
	}
	site->path = path;
}

void site_init_at(struct site *site, const char *dir, const char *program,
		  unsigned int misses)
{
	int fds[2];

	*site = (struct site) { .misses = misses };
	/* about as long as the directories in a usual PATH */
	snprintf(site->root, sizeof(site->root), "%s/bench-XXXXXX", dir);
	if (!mkdtemp(site->root))
		give_up(-errno, "%s", site->root);
	site->candidates = calloc(misses + 1, sizeof(char *));
	if (!site->candidates)
		give_up(-ENOMEM, "candidates");
	make_directories(site);
	copy_program(program, site_program(site));
	must_sys(setenv("PATH", site->path, 1));
	must_sys(pipe2(fds, O_CLOEXEC));
	must_sys(dup2(fds[1], STAMP_FD));
	close(fds[1]);
	site->reports = fds[0];
}

void site_init(struct site *site, unsigned int misses)
{
	struct statfs fs;

	site_init_at(site, "/tmp", built("bench/stamp"), misses);
	must_sys(statfs(site->root, &fs));
	if (fs.f_type != TMPFS_MAGIC)
		fprintf(stderr, "bench: note: %s is no tmpfs\n", site->root);
}

void site_exit(struct site *site)
{
	char *dir;

	close(STAMP_FD);
	close(site->reports);
	unlink(site_program(site));
	for (unsigned int i = 0; i <= site->misses; i++) {
		dir = text("%s/d%u", site->root, i);
		rmdir(dir);
		free(dir);
		free(site->candidates[i]);
	}
	must_sys(rmdir(site->root));
	free(site->candidates);
	free(site->path);
}

const char *site_program(const struct site *site)
{
	return site->candidates[site->misses];
}

uint64_t site_report(const struct site *site)
{
	struct timespec ts;
	ssize_t len;

	/* this process holds the pipe's other end, too: no end of file comes */
	do {
		len = read(site->reports, &ts, sizeof(ts));
	} while (len < 0 && errno == EINTR);
	if (len != sizeof(ts))
		give_up(len < 0 ? -errno : 0, "no report from the program");
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}
