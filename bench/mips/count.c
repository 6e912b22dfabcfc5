/*
 * Plugin of qemu-user: how many instructions the program has executed, in the first eight bytes of a file that others may
 * read meanwhile (argument out=PATH). The few functions of qemu's plugin interface that this needs are declared here, so
 * that nothing of qemu's must be installed to build it; API is the number of that interface.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct qemu_plugin_tb;
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*cb)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, void (*cb)(unsigned int cpu, void *data), int flags,
	void *data);

int qemu_plugin_version = API;
static uint64_t *count;

static void executed(unsigned int cpu, void *instructions)
{
	(void)cpu;
	*count += (uintptr_t)instructions;
}

/* A block of code was translated: from now on each run of it counts. */
static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0, (void *)(uintptr_t)qemu_plugin_tb_n_insns(tb));
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	int fd = -1;

	(void)info;
	for (int i = 0; i < argc; i++)
		if (strncmp(argv[i], "out=", 4) == 0)
			fd = open(argv[i] + 4, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, sizeof *count) != 0)
		return -1;
	count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (count == MAP_FAILED)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
