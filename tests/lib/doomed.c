// SPDX-License-Identifier: LGPL-2.1-or-later
#include "doomed.h"
#include "tap.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Above what user space has, also with five levels of page tables. */
#define NOWHERE (1UL << 57)

void write_doomed_elf(const char *path)
{
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr load;
	} file = {
		.head = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				     ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_entry = NOWHERE,
			.e_phoff = sizeof(Elf64_Ehdr),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 1,
		},
		.load = {
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_X,
			.p_vaddr = NOWHERE,
			.p_filesz = sizeof(file),
			.p_memsz = sizeof(file),
			.p_align = 4096,
		},
	};
	int fd = CHECK_SYS(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755));

	CHECK_EQ(write(fd, &file, sizeof(file)), (ssize_t)sizeof(file));
	CHECK_SYS(close(fd));
}
