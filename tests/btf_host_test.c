// SPDX-License-Identifier: LGPL-2.1-or-later
/* Type information, whole and damaged: where the library finds a variable in it. */
#include "tap.h"

#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "btf.h"

/* A type of each kind with a size of its own, then the section, as type 7. */
#define SECTION 7

struct sample {
	struct btf_header h;
	struct btf_type integer;
	uint32_t encoding;
	struct btf_type pair;
	struct btf_member members[2];
	struct btf_type pointer;
	struct btf_type choice;
	struct btf_enum constants[3];
	struct btf_type first;
	struct btf_var first_linkage;
	struct btf_type second;
	struct btf_var second_linkage;
	struct btf_type section;
	struct btf_var_secinfo vars[2];
	char strings[32];
};

#define KIND(kind, nr)	((kind) << 24 | (nr))

static const struct sample sample = {
	.h = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(struct btf_header),
		.type_len = offsetof(struct sample, strings) -
			    sizeof(struct btf_header),
		.str_off = offsetof(struct sample, strings) -
			   sizeof(struct btf_header),
		.str_len = sizeof(((struct sample *)0)->strings),
	},
	.integer = { .info = KIND(BTF_KIND_INT, 0), .size = 4 },
	.pair = { .info = KIND(BTF_KIND_STRUCT, 2), .size = 8 },
	.pointer = { .info = KIND(BTF_KIND_PTR, 0), .type = 1 },
	.choice = { .info = KIND(BTF_KIND_ENUM, 3), .size = 4 },
	.first = { .name_off = 1, .info = KIND(BTF_KIND_VAR, 0), .type = 1 },
	.second = { .name_off = 7, .info = KIND(BTF_KIND_VAR, 0), .type = 1 },
	.section = { .info = KIND(BTF_KIND_DATASEC, 2), .size = 12 },
	.vars = { { .type = 5, .offset = 0, .size = 4 },
		  { .type = 6, .offset = 8, .size = 4 } },
	.strings = "\0first\0second",
};

/* In memory of exactly this size, so that reading beyond it can be seen. */
static int find_in(const struct sample *s, size_t size, const char *name,
		   struct btf_place *place)
{
	void *copy = malloc(size ? size : 1);
	int err;

	CHECK(copy);
	memcpy(copy, s, size);
	err = btf_find_variable(copy, size, SECTION, name, place);
	free(copy);
	return err;
}

TEST(variables_are_found_by_name)
{
	struct btf_place place;

	CHECK_OK(find_in(&sample, sizeof(sample), "first", &place));
	EXPECT_EQ(place.offset, 0u);
	EXPECT_EQ(place.size, 4u);
	CHECK_OK(find_in(&sample, sizeof(sample), "second", &place));
	EXPECT_EQ(place.offset, 8u);
	EXPECT_EQ(find_in(&sample, sizeof(sample), "third", &place), -ENOENT);
	EXPECT_EQ(find_in(&sample, sizeof(sample), "firs", &place), -ENOENT);
}

TEST(only_a_section_has_variables)
{
	struct btf_place place;

	for (uint32_t id = 0; id < 12; id++)
		if (id != SECTION)
			EXPECT_EQ(btf_find_variable(&sample, sizeof(sample), id,
						    "first", &place), -ENOENT);
}

TEST(data_that_ends_too_early_is_refused)
{
	struct btf_place place;

	for (size_t size = 0; size < sizeof(sample); size++)
		EXPECT_EQ(find_in(&sample, size, "first", &place), -EINVAL);
}

/* Whatever a byte is changed to, nothing outside of the data is read. */
TEST(damaged_data_is_survived)
{
	static const unsigned char values[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct btf_place place;
	struct sample s;

	for (size_t at = 0; at < sizeof(s); at++) {
		for (size_t i = 0; i < sizeof(values); i++) {
			int err;

			s = sample;
			((unsigned char *)&s)[at] = values[i];
			err = find_in(&s, sizeof(s), "second", &place);
			EXPECT(!err || err == -EINVAL || err == -ENOENT);
		}
	}
}

TEST(sections_that_do_not_fit_their_parts_are_refused)
{
	struct btf_place place;
	struct sample s = sample;

	s.h.type_len -= 4;
	EXPECT_EQ(find_in(&s, sizeof(s), "second", &place), -ENOENT);
	s = sample;
	s.strings[sizeof(s.strings) - 1] = 'x';
	EXPECT_EQ(find_in(&s, sizeof(s), "second", &place), -EINVAL);
	s = sample;
	s.choice.info = KIND(31, 0);
	EXPECT_EQ(find_in(&s, sizeof(s), "second", &place), -ENOENT);
}
