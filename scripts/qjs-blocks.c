/*
 * Memory for the QuickJS of the static runtime (scripts/runtime.sh). A JavaScript program asks for tens of thousands of small
 * blocks. musl puts a head before each, rounds it up to multiples of 16 bytes and keeps a group of thirty for as long as one
 * of them is in use; that cost the daemon 1.1 MB of 6.6, and a fifth of its processor time (docs/engines.md). Here a page of
 * 4 KiB holds blocks of one size without heads, what was freed last is used first, an empty page serves any size, and beyond
 * a few they go back to the kernel. What is larger than half a page is musl's.
 *
 * For one thread: this qjs is built without Workers. Nothing is checked that quickjs.c does not do wrong.
 */
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096u
/* Room in the address space, which costs nothing: 64 MiB, 16 on 32 bits. When it is used up, all is musl's. */
#define PAGES (sizeof(void *) == 8 ? 16384u : 4096u)
/* Empty pages that stay for the next peak. */
#define KEPT 16u
#define NONE 0xffffu

static const uint16_t sizes[] = {
	8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128,
	144, 160, 176, 192, 208, 224, 240, 256,
	288, 320, 352, 384, 416, 448, 480, 512,
	/*
	 * As many as fit into a page: seven, six, five, four, three, two. What the compiler knows of a function is 568 bytes on
	 * 64 bits (JSFunctionDef) and short-lived; in pages of its own it leaves none half empty, which were 70 kB.
	 */
	560, 568, 584, 680, 816, 1024, 1360, 2048,
};
#define CLASSES (sizeof sizes / sizeof *sizes)
#define LARGEST 2048u

static unsigned class_of(size_t size)
{
	if (size <= 128)
		return (size - 1) / 8;
	if (size <= 256)
		return 16 + (size - 129) / 16;
	if (size <= 512)
		return 24 + (size - 257) / 32;
	unsigned class = 32;
	while (sizes[class] < size)
		class++;
	return class;
}

/* Pages are known by number. One with a free block is in the list of its class, an empty one among the empty. */
static struct page {
	uint16_t next, previous;
	/* Of the first block that was freed, in units of 8 bytes from the start of the page; it begins with that of the next. */
	uint16_t freed;
	/* So many blocks have been used at all; the rest of the page was never touched. */
	uint16_t begun;
	uint16_t used;
	uint16_t class;
} pages[PAGES];

static char *base;
static unsigned taken;
static uint16_t open[CLASSES], empty, empty_count;

static int is_ours(const void *block)
{
	return (uintptr_t)block - (uintptr_t)base < (size_t)taken * PAGE;
}

static int is_full(const struct page *page)
{
	return page->freed == NONE && (page->begun + 1u) * sizes[page->class] > PAGE;
}

static void open_page(uint16_t at)
{
	struct page *page = &pages[at];
	page->previous = NONE;
	page->next = open[page->class];
	if (page->next != NONE)
		pages[page->next].previous = at;
	open[page->class] = at;
}

static void close_page(uint16_t at)
{
	struct page *page = &pages[at];
	if (page->previous == NONE)
		open[page->class] = page->next;
	else
		pages[page->previous].next = page->next;
	if (page->next != NONE)
		pages[page->next].previous = page->previous;
}

/* Before the first block. */
static void begin(void)
{
	void *room = mmap(0, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	base = room == MAP_FAILED ? 0 : room;
	memset(open, 0xff, sizeof open);
	empty = NONE;
}

/* False: there is no room left. */
static int add_page(unsigned class)
{
	static int has_begun;
	if (!has_begun) {
		has_begun = 1;
		begin();
	}
	uint16_t at = empty;
	if (at != NONE) {
		empty = pages[at].next;
		empty_count--;
	} else if (base != 0 && taken < PAGES - 1) {
		at = taken++;
	} else {
		return 0;
	}
	pages[at] = (struct page){ .freed = NONE, .class = class };
	open_page(at);
	return 1;
}

void *blocks_malloc(size_t size)
{
	if (size - 1 >= LARGEST)
		return malloc(size);
	unsigned class = class_of(size);
	if ((taken == 0 || open[class] == NONE) && !add_page(class))
		return malloc(size);
	uint16_t at = open[class];
	struct page *page = &pages[at];
	char *block = base + (size_t)at * PAGE;
	if (page->freed != NONE) {
		block += page->freed * 8u;
		memcpy(&page->freed, block, sizeof page->freed);
	} else {
		block += page->begun++ * sizes[class];
	}
	page->used++;
	if (is_full(page))
		close_page(at);
	return block;
}

void blocks_free(void *block)
{
	if (!is_ours(block)) {
		free(block);
		return;
	}
	size_t offset = (char *)block - base;
	uint16_t at = offset / PAGE;
	struct page *page = &pages[at];
	int was_full = is_full(page);
	memcpy(block, &page->freed, sizeof page->freed);
	page->freed = offset % PAGE / 8;
	if (was_full)
		open_page(at);
	/* The only open page of its size stays: a block that comes and goes must not cost a page each time. */
	if (--page->used > 0 || (page->next == NONE && page->previous == NONE))
		return;
	close_page(at);
	if (empty_count >= KEPT)
		madvise(base + (size_t)at * PAGE, PAGE, MADV_DONTNEED);
	page->next = empty;
	empty = at;
	empty_count++;
}

size_t blocks_usable_size(void *block)
{
	return is_ours(block) ? sizes[pages[((char *)block - base) / PAGE].class] : malloc_usable_size(block);
}

void *blocks_realloc(void *block, size_t size)
{
	int ours = is_ours(block);
	if (!ours && size > LARGEST)
		return realloc(block, size);
	size_t before = blocks_usable_size(block);
	if (ours && size - 1 < LARGEST && class_of(size) == class_of(before))
		return block;
	void *other = blocks_malloc(size);
	if (other == 0)
		return 0;
	memcpy(other, block, before < size ? before : size);
	blocks_free(block);
	return other;
}
