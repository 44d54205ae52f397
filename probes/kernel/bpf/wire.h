/* What a record looks like on its way from the kernel to probes/kernel/decode.py, whose struct formats mirror this file
 * (tests/probes/kernel/test_wire.py compares them).
 *
 * Every record has the same fixed part, then the sections that are present, back to back in the order of the enum;
 * length[] says how long each is, 0 meaning absent. Numbers have the machine's byte order. */

#define STRING_SIZE 4096 /* PATH_MAX; also the most of argv and of the environment that is sent */
#define PAYLOAD_SIZE 80  /* what of a payload is sent: as much as Falco keeps */
#define DATA_SIZE 28672  /* a per-CPU map holds 32 KiB at most */

enum record_kind {
	RECORD_SYSCALL = 1,
	RECORD_EXEC,
	RECORD_FORK,
	RECORD_EXIT,
	RECORD_CGROUP_MKDIR,
	RECORD_CGROUP_RMDIR,
};

enum section {
	SECTION_NAME0,    /* first captured string; exec: the file name asked for; cgroup_*: the path */
	SECTION_NAME1,    /* second captured string */
	SECTION_BASE0,    /* directory the first string is relative to; exec: working directory */
	SECTION_BASE1,    /* directory the second string is relative to */
	SECTION_SOCKADDR, /* struct sockaddr as the program gave it */
	SECTION_HOW,      /* struct open_how as the program gave it */
	SECTION_FILE,     /* struct file_info of the event's descriptor */
	SECTION_SOCKET,   /* struct socket_info of the event's descriptor */
	SECTION_PATH,     /* path of the descriptor's file, or of its Unix socket; exec: path of the program */
	SECTION_TASK,     /* struct task_info: exec: the new program; fork: the child */
	SECTION_ARGV,
	SECTION_ENV,
	SECTION_CGROUP,        /* exec: name of the cgroup … */
	SECTION_CGROUP_PARENT, /* … and of its parent */
	SECTION_PAYLOAD,       /* the beginning of what was sent or received */
	SECTIONS,
};

#define FLAG_COMPAT 1   /* a 32-bit system call */
#define FLAG_EXECVEAT 2 /* the program was given by descriptor */
#define FLAG_URING 4    /* a request to io_uring, not a system call */

/* The time comes first: behind it a thread that does the same again sends the same bytes. Then comes what says how the
 * rest is to be read. */
struct record {
	u64 time;  /* CLOCK_BOOTTIME */
	u16 kind;
	u16 event; /* row of the event table */
	u32 flags;
	u16 length[SECTIONS];
	u16 reserved;
	u64 start; /* CLOCK_BOOTTIME at which the process (not the thread) started */
	u64 cap_effective;
	u64 cap_permitted;
	u64 cgroup; /* kernfs id, unique within the hierarchy */
	u32 hierarchy;
	u32 pid;
	u32 tid;
	u32 ppid;
	u32 uid; /* effective */
	u32 gid;
	char comm[16];
	s64 ret;
	u64 args[6];
	char data[DATA_SIZE];
};

#define FILE_CREATED 1 /* FMODE_CREATED: this very call created it */
#define FILE_OVERLAY_UPPER 2
#define FILE_OVERLAY_LOWER 4
#define FILE_MEMFD 8
#define FILE_PIDFD 16

struct file_info {
	u64 ino;
	u32 dev;
	u32 flags;
	u32 mode;
	u32 reserved;
};

struct socket_info {
	u16 family;
	u16 type;
	u16 protocol;
	u16 state;
	u16 local_port; /* host byte order */
	u16 remote_port;
	u8 local[16]; /* IPv4 in the first four bytes */
	u8 remote[16];
};

struct task_info {
	u64 start; /* exact; record.start is the parent's at a fork */
	u64 cap_inheritable;
	u64 cgroup;
	u64 exe_ino;
	s64 exe_ctime; /* nanoseconds since the epoch */
	s64 exe_mtime;
	u32 hierarchy;
	u32 pid;
	u32 vpid;
	u32 ppid;
	u32 loginuid;
	u32 tty;
	u32 sid;
	u32 pgid;
	u32 vpgid;
	u32 pid_ns;
	u32 mnt_ns;
	u32 exe_flags; /* FILE_* */
	char comm[16];
};

/* What to capture at the exit of a system call: a row of the event table, as probes/kernel/spec.py packs it. */

#define SPECS 4096
#define SPEC_COMPAT 1024     /* first row of the 32-bit calls */
#define SPEC_SOCKETCALL 2048 /* first row of socketcall(2)'s numbers */
#define SPEC_URING 3072      /* first row of the requests to io_uring */

#define FROM_RETURN -1
#define FROM_NOWHERE -2
#define BASE_CWD -1
#define BASE_NONE -2 /* the string is no path */

/* What lets the events of a call out. */
#define ENABLED_BY_RULES 1
#define ENABLED_BY_ZOOM 2 /* no rule asks for it; only what is watched in full passes */

#define PRESENT 1
#define PRESENT_COMPAT 2 /* the 32-bit call of this number is followed, be it that only this one is */

struct spec {
	u16 event;
	u8 present; /* PRESENT_* */
	u8 enabled;
	s8 string[2]; /* registers that point to strings */
	s8 base[2];   /* register of the dirfd of each, BASE_CWD or BASE_NONE */
	s8 fd;        /* register of the event's descriptor, FROM_RETURN or FROM_NOWHERE */
	s8 sockaddr;  /* register, its length in the next one */
	s8 how;       /* register of a struct open_how */
	s8 payload;   /* register of what was sent or received, the return value its size */
	s8 message;   /* register of a struct msghdr, which tells address and payload */
	u8 sockaddr_size_at; /* the register behind that of the address points to its size */
	u8 failures_only; /* of an exec */
	u8 by_command;    /* of an fcntl: only what duplicates a descriptor */
};

struct counter {
	u64 seen;
	u64 delivered;
	u64 lost;
};

struct cgroup_key {
	u64 cgroup;
	u64 hierarchy;
};

/* Why an event did not leave the kernel though it was to: engine/drops.py has the words. */
#define LOSS_FULL 0
#define LOSS_SHARE 1

struct loss_key {
	u64 cgroup;
	u32 hierarchy;
	u32 cause;
};

/* How many, and the process that lost the latest. */
struct loss {
	u64 count;
	u32 pid;
	u32 reserved;
	char comm[16];
};

/* Filters, as probes/kernel/filter_rows.py packs them; bpf/filter.h says what they mean. */

#define FILTER_SETS 8
#define FILTER_ROWS 256
#define CLAUSES 48
#define OPTION_GENERATION 1

/* engine/pushdown/atoms.py: class Fact */
#define FACT_FAILED (1ULL << 0)
#define FACT_READ (1ULL << 1)
#define FACT_WRITE (1ULL << 2)
#define FACT_MAY_CREATE (1ULL << 3)
#define FACT_CONTAINER (1ULL << 4)
#define FACT_TRAVERSAL (1ULL << 5)
#define FACT_STDIO (1ULL << 6)
#define FACT_INTERNET (1ULL << 7)
#define FACT_TCP (1ULL << 8)
#define FACT_PACKET (1ULL << 9)
#define FACT_SET_ID (1ULL << 10)
#define FACT_TRUNCATE (1ULL << 11)
#define FACT_PENDING (1ULL << 12)
#define FACT_ROOT (1ULL << 13)
#define FACT_HIDDEN (1ULL << 14)
#define FACT_UDP (1ULL << 15)
#define FACT_NAMES (1ULL << 16) /* one name in the path; the next three bits: two, three, four */
#define FACTS_NAMES (15 * FACT_NAMES)
#define FACTS_PATH (FACT_TRAVERSAL | FACT_HIDDEN | FACTS_NAMES)
#define FACTS_SOCKET (FACT_INTERNET | FACT_TCP | FACT_UDP)

#define LOOKUP_COMM 0
#define LOOKUP_PREFIX 1 /* of the first string; + 1 for the second */
#define LOOKUP_SUFFIX 3
#define LOOKUP_LEAF 5
#define LOOKUP_ABOVE 6
#define LOOKUP_PEER 7
#define LOOKUP_PORT 8
#define LOOKUPS 9

struct clause {
	u64 must;
	u64 must_not;
};

/* What of the texts a look-up could find at all: their first eight bytes, as far as all have them, as bits of a hash.
 * Most paths are none of them, and are spared the look-up. */
#define GUARD_WORDS 8
#define GUARD_SHIFT 55 /* leaves a number of 9 bits */
#define GUARD_FACTOR 0x9e3779b97f4a7c15ULL

struct guard {
	u64 mask;  /* of the bytes */
	u64 tests; /* that are false when nothing can be found */
	u64 bits[GUARD_WORDS];
};

/* A text that is sought anywhere in the first path, by its first bytes. */
#define NEEDLES 4
#define NEEDLE_SIZE 8
#define SOUGHT_MOST 203 /* bytes of a path in which texts of four bytes and more can be sought to the end */

struct needle {
	u64 text;
	u64 mask;
	u64 tests;
	u64 size; /* 0: there is none */
};

struct filter {
	u32 table; /* of the texts */
	u32 count;
	u64 used;           /* tests that occur */
	u64 texts[LOOKUPS]; /* tests that each look-up answers */
	u64 exact[2];       /* tests for equality of each string */
	u32 lengths[2];     /* of the names that LOOKUP_LEAF and LOOKUP_ABOVE know, a bit for each */
	s8 flags;           /* register of an open's flags, */
	s8 how;             /* of its struct open_how, */
	s8 domain;          /* of a socket's family, */
	s8 mode;            /* of permissions, */
	s8 peer;            /* of the address to connect or send to; FROM_NOWHERE */
	s8 reserved[3];
	u64 sought;         /* tests that needles answer */
	struct needle needles[NEEDLES];
	struct guard begins[4]; /* of LOOKUP_PREFIX of each string, for short and for long texts, but not for equality */
	struct guard ends[2];   /* of LOOKUP_SUFFIX and the tests for equality */
	struct guard names[3];  /* of LOOKUP_COMM, LOOKUP_LEAF and LOOKUP_ABOVE */
	struct clause clauses[CLAUSES];
};

#define TAIL 32
#define TEXT_SIZE 208
#define HEAD_BITS 64 /* table, lookup */

struct text_key {
	u32 bits;
	u32 table;
	u32 lookup;
	char text[TEXT_SIZE];
};

struct answers {
	u64 may;
	u64 may_not;
};
