/* Starts a program as scripts/qjs-exec.c does: start PROGRAM ARGUMENT...; says how it ended and whether all is as it was here. */
#define _GNU_SOURCE
#include "../../../scripts/qjs-exec.c"
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

static volatile int handled;
static char memory[1000 * 4096];

/* What writing to all that memory costs; after a fork() every page costs one. */
static long faults(void)
{
	struct rusage before, after;
	getrusage(RUSAGE_SELF, &before);
	memset(memory, 1, sizeof memory);
	getrusage(RUSAGE_SELF, &after);
	return after.ru_minflt - before.ru_minflt;
}

static void handler(int number)
{
	(void)number;
	handled = 1;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	/* Held open here, not to be handed on: one low, one high; the child's output goes where the lower one is. */
	int out[2];
	if (pipe(out) < 0 || fcntl(out[1], F_DUPFD, 700) < 0)
		return 2;
	signal(SIGTERM, handler);
	signal(SIGPIPE, SIG_IGN);
	sigset_t blocked, after;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_SETMASK, &blocked, 0);
	const int std_fds[] = { 0, out[1], 2 };
	char *envp[] = { "TOLD=so", 0 };
	faults();
	int pid = exec_start(std_fds, "/", 0, 1, argv + 1, envp);
	long more = faults();
	close(out[1]);
	close(700);
	char text[4096];
	for (ssize_t count; (count = read(out[0], text, sizeof text)) > 0;)
		fwrite(text, 1, count, stdout);
	int status;
	if (waitpid(pid, &status, 0) != pid)
		return 2;
	struct sigaction action;
	sigaction(SIGTERM, 0, &action);
	sigprocmask(SIG_SETMASK, 0, &after);
	printf("ended %d signal %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	printf("memory %s, handler %s, mask %s, handled %d\n", more < 500 ? "kept" : "copied",
	       action.sa_handler == handler ? "kept" : "lost",
	       sigismember(&after, SIGUSR1) && !sigismember(&after, SIGTERM) ? "kept" : "lost", handled);
	return 0;
}
