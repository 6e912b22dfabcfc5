/*
 * Random use of scripts/qjs-blocks.c beside a model: no two blocks share a byte, what was written stays (also when a block
 * grows or shrinks), a usable size holds what was asked for, blocks are aligned, and at the end what was used came back.
 * argv: seed, steps. Prints "pages in use at the peak, at the end".
 */
#include "../../../scripts/qjs-blocks.c"
#include <stdio.h>

#define SLOTS 20000

static struct slot {
	unsigned char *block;
	size_t size;
	unsigned char mark;
} slots[SLOTS];

static uint32_t state;
static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

static size_t any_size(void)
{
	switch (any(8)) {
	case 0: return 1 + any(16);
	case 1: return LARGEST - 2 + any(5);
	case 2: return 1 + any(5000);
	case 3: return sizes[any(CLASSES)] + any(2);
	default: return 1 + any(200);
	}
}

static void fail(const char *what, size_t size)
{
	printf("%s (size %zu)\n", what, size);
	exit(1);
}

static void check(const struct slot *slot, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (slot->block[i] != slot->mark)
			fail("a byte was changed", slot->size);
}

static void fill(struct slot *slot, size_t size)
{
	if (slot->block == 0)
		fail("no block", size);
	if ((uintptr_t)slot->block % 8 != 0)
		fail("not aligned", size);
	if (blocks_usable_size(slot->block) < size)
		fail("too small", size);
	slot->size = size;
	slot->mark = any(256);
	memset(slot->block, slot->mark, blocks_usable_size(slot->block));
}

static unsigned in_use(void)
{
	return taken - empty_count;
}

int main(int count, char **words)
{
	if (count != 3)
		return 2;
	state = atoi(words[1]) * 2654435761u + 1;
	unsigned peak = 0;
	for (long step = 0, steps = atol(words[2]); step < steps; step++) {
		struct slot *slot = &slots[any(SLOTS)];
		if (slot->block == 0) {
			size_t size = any_size();
			slot->block = blocks_malloc(size);
			fill(slot, size);
		} else if (any(3) == 0) {
			size_t size = any_size();
			check(slot, slot->size);
			slot->block = blocks_realloc(slot->block, size);
			check(slot, size < slot->size ? size : slot->size);
			fill(slot, size);
		} else {
			check(slot, blocks_usable_size(slot->block));
			blocks_free(slot->block);
			slot->block = 0;
		}
		if (in_use() > peak)
			peak = in_use();
	}
	for (int i = 0; i < SLOTS; i++)
		if (slots[i].block != 0) {
			check(&slots[i], slots[i].size);
			blocks_free(slots[i].block);
		}
	printf("%u %u\n", peak, in_use());
	return 0;
}
