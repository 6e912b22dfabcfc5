/*
 * How the QuickJS of the static runtime (scripts/runtime.sh) starts programs. os.exec() forks: the kernel copies the tables of
 * all its memory, and every page that the daemon writes to afterwards costs a fault, a page copied while the child still
 * lives. Here the child borrows the memory until it has become the other program, as with vfork(), which musl has not for
 * MIPS. So from clone() to exec it changes nothing there but its own stack, and no handler of a signal may run in it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

struct start {
	const int *std_fds;
	const char *cwd, *file;
	int use_path;
	char *const *argv, *const *envp;
	sigset_t mask;
};

static void close_from(int first)
{
	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
	/* Before Linux 5.9: as far as QuickJS goes. */
	long end = sysconf(_SC_OPEN_MAX);
	for (int fd = first; fd < end && fd < 1024; fd++)
		close(fd);
}

static int child(void *arg)
{
	const struct start *start = arg;
	/* What is ignored stays so, what has a handler is as it would be after exec. */
	for (int number = 1; number < _NSIG; number++) {
		struct sigaction action;
		if (sigaction(number, 0, &action) < 0 || action.sa_handler == SIG_IGN || action.sa_handler == SIG_DFL)
			continue;
		action.sa_handler = SIG_DFL;
		sigaction(number, &action, 0);
	}
	sigprocmask(SIG_SETMASK, &start->mask, 0);
	for (int fd = 0; fd < 3; fd++)
		if (start->std_fds[fd] != fd && dup2(start->std_fds[fd], fd) < 0)
			_exit(127);
	close_from(3);
	if (start->cwd != 0 && chdir(start->cwd) < 0)
		_exit(127);
	if (start->use_path)
		execvpe(start->file, start->argv, start->envp);
	else
		execve(start->file, start->argv, start->envp);
	_exit(127);
}

/* The number of the process, or -1. One that could not become the program has ended with 127. */
int exec_start(const int *std_fds, const char *cwd, const char *file, int use_path, char **argv, char **envp)
{
	/* execvpe() puts names together on it. */
	_Alignas(16) char stack[2 * PATH_MAX + 8192];
	struct start start = {
		.std_fds = std_fds, .cwd = cwd, .file = file ? file : argv[0], .use_path = use_path, .argv = argv, .envp = envp,
	};
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &start.mask);
	int pid = clone(child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &start);
	sigprocmask(SIG_SETMASK, &start.mask, 0);
	return pid;
}
