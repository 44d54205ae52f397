/* What of the rules can be tested before anything is copied: events that no rule can match stay here.
 *
 * For each type of event there is a row of clauses (probes/kernel/filter_rows.py). A test has a bit in two words: `may` when
 * it may be true, `may_not` when it may be false. What is not known has both, so an event passes when in doubt. A clause
 * holds when all tests that must be true may be, and all that must not be may not be.
 *
 * Rows and texts are written beside those in use; one write of the generation puts them in force. An event reads the
 * generation once, so it is judged by one set of rows. Generation 0 lets everything pass. */

#define ADDRESS_SIZE 128
#define TEXT_AT offsetof(struct text_key, text)

/* What is known of the event lies in memory whose content the verifier does not follow, and is read afresh: it would
 * else follow every combination of answers, and of sizes. */
struct filter_scratch {
	struct answers answers;
	u32 size; /* of the path, with its NUL */
	u32 path_is;
	char before[TAIL - TEXT_AT]; /* zeros, so that the last bytes of a path can be read whatever its length */
	struct text_key path;
	u32 alignment;
	struct text_key key;
	char address[ADDRESS_SIZE];
};

BPF_ARRAY(filters, struct filter, FILTER_SETS * FILTER_ROWS);
BPF_LPM_TRIE(texts, struct text_key, struct answers, 65536);
BPF_PERCPU_ARRAY(filter_scratch, struct filter_scratch, 1);
BPF_HASH(cgroup_kinds, struct cgroup_key, u8, 16384); /* 1: of the host, 2: of a container */

#define FRESH(place) (*(volatile __typeof__(place) *)&(place))

static __always_inline int holds(struct filter *f, struct answers *a)
{
	u32 count = f->count;
	u64 no = ~FRESH(a->may), yes = ~FRESH(a->may_not);
	for (u32 i = 0; i < CLAUSES; i++) {
		if (i >= count)
			break;
		if (!((f->clauses[i].must & no) | (f->clauses[i].must_not & yes)))
			return 1;
	}
	return 0;
}

/* Some tests are false. */
static __always_inline void deny(struct answers *a, u64 tests)
{
	FRESH(a->may) &= ~tests;
}

static __always_inline void answer(struct answers *a, u64 test, int yes)
{
	if (yes)
		FRESH(a->may_not) &= ~test;
	else
		deny(a, test);
}

static __always_inline u64 filter_register(u64 *args, s8 number)
{
	u32 i = number;
	/* No array index: the verifier does not know what was stored where. */
	return i == 0 ? args[0] : i == 1 ? args[1] : i == 2 ? args[2] : i == 3 ? args[3] : i == 4 ? args[4] : args[5];
}

/* ── numbers ── */

#define EINPROGRESS 115

/* 1 for 0, else 0, without a branch: each would double what the verifier follows. */
static __always_inline u64 is_zero(u64 value)
{
	value |= -value;
	OPAQUE(value);
	return (value >> 63) ^ 1;
}

static __always_inline u64 is_below(u64 value, u64 bound)
{
	value -= bound;
	OPAQUE(value);
	return value >> 63;
}

#define OPEN_FACTS (FACT_READ | FACT_WRITE | FACT_TRUNCATE | FACT_MAY_CREATE)

/* Access modes 0, 1 and 2 read, write and do both. O_TMPFILE has a bit that is its own. */
static __always_inline u64 open_facts(u64 flags)
{
	return (~flags & 1) * FACT_READ | ((flags ^ flags >> 1) & 1) * FACT_WRITE | (flags >> 9 & 1) * FACT_TRUNCATE |
	       ((flags >> 6 | flags >> 22) & 1) * FACT_MAY_CREATE;
}

static __always_inline void answer_numbers(struct filter *f, struct answers *a, struct task_struct *t, u64 *args, s64 ret)
{
	u64 known = FACT_FAILED | FACT_PENDING | FACT_STDIO, failed = (u64)ret >> 63, flags = 0;
	u64 is = failed * FACT_FAILED | is_zero(ret + EINPROGRESS) * FACT_PENDING | (is_below(ret, 3) & ~failed) * FACT_STDIO;
	if (f->used & FACT_ROOT) {
		struct cred *cred = (void *)OF(t, cred);
		known |= FACT_ROOT;
		is |= is_zero((u32)OF(cred, euid)) * FACT_ROOT;
	}
	if (f->domain >= 0) {
		known |= FACT_PACKET;
		is |= is_zero((u32)filter_register(args, f->domain) ^ 17) * FACT_PACKET;
	}
	if (f->mode >= 0) {
		known |= FACT_SET_ID;
		is |= (is_zero(filter_register(args, f->mode) & 06000) ^ 1) * FACT_SET_ID;
	}
	if (f->flags >= 0)
		flags = filter_register(args, f->flags);
	if (f->flags >= 0 ||
	    (f->how >= 0 && !bpf_probe_read_user(&flags, sizeof(flags), (void *)filter_register(args, f->how)))) {
		known |= OPEN_FACTS;
		is |= open_facts(flags);
	}
	FRESH(a->may) = ~known | is;
	FRESH(a->may_not) = ~is;
}

/* ── texts ── */

/* `sure`: what is not found is false; else it may also be true. */
static __always_inline void look_up(struct answers *a, struct text_key *key, u64 tests, int sure)
{
	struct answers *found = texts.lookup(key);
	u64 may = found ? found->may : 0, may_not = found ? found->may_not : tests;
	FRESH(a->may) = (FRESH(a->may) & ~tests) | (may & tests);
	if (sure)
		FRESH(a->may_not) = (FRESH(a->may_not) & ~tests) | (may_not & tests);
}

#define EVERY(byte) (0x0101010101010101ULL * (byte))
#define LOW_BITS EVERY(0x7f)
#define HIGH_BITS EVERY(0x80)

/* 0x80 in each byte that is `byte`, for ASCII and NUL. */
static __always_inline u64 bytes_that_are(u64 word, u8 byte)
{
	u64 other = word ^ EVERY(byte);
	return ~(((other & LOW_BITS) + LOW_BITS) | other | LOW_BITS);
}

#define PATH_READ 1
#define PATH_PLAIN 2
#define PATH_ABSOLUTE 4
#define PATH_CLIMBS 8
#define PATH_HIDDEN 16
#define PATH_NAMES_AT 8 /* the bits above are the number of names of an absolute path */

/* What a path is, eight bytes at a time: whether it has "../" or "/.", how many slashes, and whether it is plain, that is
 * has no name that is empty, "." or begins with "..", and no byte beyond ASCII. A relative path is looked at as if it had
 * a slash before. Each answer is a bit of every byte, so that a few registers hold all of them: in `marks` 0x80 is a
 * slash and 0x40 a dot; in `found` 0x80 is what is not plain, 0x40 a "../", 0x20 a "/.". */
static __always_inline u32 scan(struct text_key *key, u32 size)
{
	u64 *words = (void *)key->text; /* aligned, which the type does not say */
	int absolute = key->text[0] == '/';
	u64 marks_before = absolute ? 0 : 0x80ULL << 56, found = 0, names = 0;
	for (u32 i = 0; i < TEXT_SIZE / 8; i++) {
		if (i * 8 >= size)
			break;
		u64 word = words[i];
		u32 rest = size - i * 8;
		if (rest < 8)
			word &= (1ULL << (rest * 8)) - 1;
		/* a dot and a slash differ in their last bit */
		u64 both = bytes_that_are(word | EVERY(1), '/'), slashes = both & word << 7, dots = both ^ slashes;
		u64 ends = bytes_that_are(word, 0), marks = slashes | dots >> 1;
		u64 one_before = marks << 8 | marks_before >> 56, two_before = marks << 16 | marks_before >> 48;
		u64 dot_before = one_before << 1;
		found |= (word & HIGH_BITS) | (one_before & (slashes | ends)) | (two_before & dot_before & (both | ends));
		found |= (two_before << 1 & dot_before & slashes) >> 1 | (one_before & dots) >> 2;
		names += slashes >> 7; /* in each byte, of which none overflows */
		marks_before = marks;
	}
	return PATH_READ | (found & EVERY(0x80) ? 0 : PATH_PLAIN) | (absolute ? PATH_ABSOLUTE : 0) |
	       (found & EVERY(0x40) ? PATH_CLIMBS : 0) | (found & EVERY(0x20) ? PATH_HIDDEN : 0) |
	       (u32)(names * EVERY(1) >> 56) << PATH_NAMES_AT;
}

static __always_inline void read_path(struct filter_scratch *s, u64 pointer)
{
	int got = bpf_probe_read_user_str(s->path.text, TEXT_SIZE, (void *)pointer);
	FRESH(s->path_is) = 0;
	if (got <= 1 || got >= TEXT_SIZE)
		return;
	FRESH(s->size) = got;
	FRESH(s->path_is) = scan(&s->path, FRESH(s->size));
}

/* What the bytes of the first path say. */
static __always_inline void answer_path(struct answers *a, u32 path)
{
	u64 names = path >> PATH_NAMES_AT, known = path & PATH_READ ? FACT_TRAVERSAL : 0, is = 0;
	is |= (path / PATH_CLIMBS & 1) * FACT_TRAVERSAL;
	if ((path & (PATH_PLAIN | PATH_ABSOLUTE)) == (PATH_PLAIN | PATH_ABSOLUTE)) {
		known |= FACT_HIDDEN | FACTS_NAMES;
		is |= (path / PATH_HIDDEN & 1) * FACT_HIDDEN;
		is |= FACT_NAMES << (names - 1 & 63) & FACTS_NAMES;
	}
	FRESH(a->may) &= ~known | is;
	FRESH(a->may_not) &= ~is;
}

/* The TAIL bytes that end with a path's last one. What the path lies behind becomes zeros, and a relative path gets a slash;
 * a look-up of the path writes its key there. */
static __always_inline char *tail_of(struct filter_scratch *s, u64 length, int absolute)
{
	s->path.bits = s->path.table = s->path.lookup = 0;
	if (!absolute)
		((char *)&s->path)[TEXT_AT - 1] = '/';
	return &s->before[0] + length;
}

/* The last eight bytes of a path, the last one first. */
static __always_inline u64 last_bytes(struct filter_scratch *s, u32 size, int absolute)
{
	u64 length = size - 1;
	OPAQUE(length);
	if (length > TEXT_SIZE - 2)
		return 0;
	return __builtin_bswap64(*(u64 *)(tail_of(s, length, absolute) + 24));
}

/* The last bytes of a path, the last one first. */
static __always_inline void turn_round(struct filter_scratch *s, u32 size, int absolute)
{
	char *text = s->key.text;
	u64 length = size - 1;
	OPAQUE(length);
	if (length > TEXT_SIZE - 2)
		return;
	char *tail = tail_of(s, length, absolute);
	*(u64 *)&text[0] = __builtin_bswap64(*(u64 *)(tail + 24));
	*(u64 *)&text[8] = __builtin_bswap64(*(u64 *)(tail + 16));
	*(u64 *)&text[16] = __builtin_bswap64(*(u64 *)(tail + 8));
	*(u64 *)&text[24] = __builtin_bswap64(*(u64 *)tail);
}

/* Whether a look-up of what begins with these bytes might find anything. */
static __always_inline int may_be_found(struct guard *g, u64 word)
{
	u32 bit = ((word & g->mask) * GUARD_FACTOR) >> GUARD_SHIFT;
	return g->bits[bit / 64 & (GUARD_WORDS - 1)] >> (bit & 63) & 1;
}

/* The texts that are sought in a path of which only `text` is read. Of a path that is so long that one may begin in its last
 * bytes, where eight cannot be read, it is not known. */
static __always_inline int passes_sought(struct filter *f, struct answers *a, struct filter_scratch *s)
{
	u64 may = 0;
	u32 known = PATH_PLAIN | PATH_ABSOLUTE;
	if ((FRESH(s->path_is) & known) != known || FRESH(s->size) > SOUGHT_MOST + 1)
		return 1;
	for (u32 n = 0; n < NEEDLES; n++) {
		struct needle *needle = &f->needles[n];
		u64 text = needle->text, mask = needle->mask;
		u32 last = FRESH(s->size) - needle->size;
		if (!needle->size)
			break;
		for (u32 i = 0; i < TEXT_SIZE - NEEDLE_SIZE; i++) {
			if (i >= last || last > TEXT_SIZE)
				break;
			if (((*(u64 *)&s->path.text[i] ^ text) & mask) == 0) {
				may |= needle->tests;
				break;
			}
		}
	}
	deny(a, f->sought & ~may);
	return holds(f, a);
}

static __always_inline void answer_beginning(struct filter *f, struct answers *a, struct text_key *path, u32 size, int slot)
{
	path->bits = HEAD_BITS + size * 8;
	path->table = f->table;
	path->lookup = LOOKUP_PREFIX + slot;
	look_up(a, path, f->texts[LOOKUP_PREFIX + slot], 1);
}

/* Whether the event may still pass when one of its paths has been looked at. */
static __always_inline int passes_path(struct filter *f, struct answers *a, struct filter_scratch *s, u64 pointer, int slot)
{
	read_path(s, pointer);
	u32 path = FRESH(s->path_is), size = FRESH(s->size);
	u64 prefixes = f->texts[LOOKUP_PREFIX + slot], exact = f->exact[slot];
	u64 suffixes = f->texts[LOOKUP_SUFFIX + slot] | (path & PATH_ABSOLUTE ? 0 : exact);
	if (slot == 0)
		answer_path(a, path);
	if (!(path & PATH_PLAIN))
		return holds(f, a);
	u64 first = *(u64 *)&s->path.text[0];
	struct guard *few = &f->begins[2 * slot], *many = few + 1;
	int short_begins = may_be_found(few, first), long_begins = may_be_found(many, first);
	int ends = may_be_found(&f->ends[slot], last_bytes(s, size, path & PATH_ABSOLUTE));
	u64 no = ends ? 0 : suffixes;
	if (path & PATH_ABSOLUTE)
		no |= (short_begins ? 0 : few->tests) | (long_begins ? 0 : many->tests) | (ends ? 0 : exact);
	deny(a, no);
	if (!holds(f, a))
		return 0;
	if (path & PATH_ABSOLUTE && prefixes && (short_begins || long_begins || (ends && exact)))
		answer_beginning(f, a, &s->path, size, slot);
	if (ends && suffixes) {
		turn_round(s, size, path & PATH_ABSOLUTE);
		s->key.bits = HEAD_BITS + TAIL * 8;
		s->key.table = f->table;
		s->key.lookup = LOOKUP_SUFFIX + slot;
		look_up(a, &s->key, suffixes, path & PATH_ABSOLUTE);
	}
	return holds(f, a);
}

/* The name that rules see is that of the first thread. */
static __always_inline int passes_name(struct filter *f, struct answers *a, struct filter_scratch *s, struct task_struct *t)
{
	if (OF(t, tgid) != OF(t, pid))
		return 1;
	bpf_probe_read_kernel(s->key.text, 16, &t->comm);
	u64 first = *(u64 *)&s->key.text[0];
	if ((first | *(u64 *)&s->key.text[8]) & HIGH_BITS)
		return 1;
	if (!may_be_found(&f->names[0], first)) {
		deny(a, f->texts[LOOKUP_COMM]);
		return holds(f, a);
	}
	s->key.bits = HEAD_BITS + 16 * 8;
	s->key.table = f->table;
	s->key.lookup = LOOKUP_COMM;
	look_up(a, &s->key, f->texts[LOOKUP_COMM], 1);
	return holds(f, a);
}

/* ── where, and what the descriptor is ── */

static __always_inline int passes_container(struct filter *f, struct answers *a, struct task_struct *t)
{
	struct cgroup *c = container_cgroup(t);
	if (READ(c, level) == 0) {
		answer(a, FACT_CONTAINER, 0);
		return holds(f, a);
	}
#ifdef KERNFS_ID_HAS_GENERATION
	return 1; /* numbers are used again: what is known of one may be old */
#else
	struct cgroup_key key = {.cgroup = kernfs_id(c), .hierarchy = hierarchy_of(c)};
	u8 *kind = cgroup_kinds.lookup(&key);
	if (!kind)
		return 1;
	answer(a, FACT_CONTAINER, *kind == 2);
	return holds(f, a);
#endif
}

static __always_inline void answer_socket(struct answers *a, struct file *file)
{
	struct inode *inode = READ(file, f_inode);
	if ((READ(inode, i_mode) & S_IFMT) != S_IFSOCK) {
		answer(a, FACTS_SOCKET, 0);
		return;
	}
	struct socket *socket = READ(file, private_data);
	struct sock *sk = READ(socket, sk);
	if (!sk)
		return;
	struct sock_common *common = (void *)sk;
	u16 family = READ(common, skc_family);
	int internet = family == AF_INET || family == AF_INET6;
	answer(a, FACT_INTERNET, internet);
	u16 protocol = READ(sk, sk_protocol);
	answer(a, FACT_TCP, internet && protocol == 6);
	answer(a, FACT_UDP, internet && protocol == 17);
}

static __always_inline int passes_descriptor(struct filter *f, struct answers *a, struct task_struct *t, s32 fd)
{
	struct file *file = fd < 0 ? 0 : file_of(t, fd);
	if (fd < 0)
		answer(a, FACTS_SOCKET, 0);
	else if (file)
		answer_socket(a, file);
	return holds(f, a);
}

/* IPv4 within IPv6 counts as IPv4. */
static __always_inline int is_mapped(char *address)
{
	return *(u64 *)address == 0 && *(u16 *)(address + 8) == 0 && *(u16 *)(address + 10) == 0xffff;
}

/* The key of an address, without its port: 4 or 6, then the address. */
static __always_inline int key_of_address(struct filter_scratch *s, u64 size)
{
	char *given = &s->address[0];
	u16 family = *(u16 *)given;
	*(u64 *)&s->key.text[8] = *(u64 *)&s->key.text[0] = 0;
	s->key.text[16] = 0;
	if (family == AF_INET) {
		s->key.text[0] = 4;
		__builtin_memcpy(&s->key.text[1], given + 4, 4);
	} else if (family == AF_INET6 && size >= 24 && is_mapped(given + 8)) {
		s->key.text[0] = 4;
		__builtin_memcpy(&s->key.text[1], given + 20, 4);
	} else if (family == AF_INET6 && size >= 24) {
		s->key.text[0] = 6;
		__builtin_memcpy(&s->key.text[1], given + 8, 16);
	} else {
		return 0;
	}
	return 1;
}

/* The size of the address to which a socket is connected, as struct sockaddr has it; 0 where it is to none. */
static __always_inline u64 read_connected(struct filter_scratch *s, struct task_struct *t, s32 fd)
{
	struct file *file = fd < 0 ? 0 : file_of(t, fd);
	if (!file)
		return 0;
	struct inode *inode = READ(file, f_inode);
	if ((READ(inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	struct socket *socket = READ(file, private_data);
	struct sock_common *common = (void *)READ(socket, sk);
	u16 family = common ? READ(common, skc_family) : 0, port = common ? READ(common, skc_dport) : 0;
	if (!port || (family != AF_INET && family != AF_INET6))
		return 0;
	*(u16 *)&s->address[0] = family;
	*(u16 *)&s->address[2] = port;
	if (family == AF_INET)
		return bpf_probe_read_kernel(&s->address[4], 4, &common->skc_daddr) ? 0 : 16;
#ifdef HAVE_sock_common_skc_v6_daddr
	return bpf_probe_read_kernel(&s->address[8], 16, &common->skc_v6_daddr) ? 0 : 28;
#else
	return 0;
#endif
}

static __always_inline u64 read_given(struct filter_scratch *s, u64 pointer, u64 size)
{
	size = (u32)size;
	if (!pointer || size < 8)
		return 0;
	size = size > ADDRESS_SIZE ? ADDRESS_SIZE : size;
	return bpf_probe_read_user(s->address, size, (void *)pointer) ? 0 : size;
}

/* Whether the event may still pass when the address is known to which it connects or sends. A connect is judged by what
 * the kernel has connected to, as it is told (probes/kernel/descriptors.py): the given address may be written over. */
static __always_inline int passes_peer(
	struct filter *f, struct answers *a, struct filter_scratch *s, struct task_struct *t, u32 event, u64 *args)
{
	u64 size = event == EVENT_CONNECT ? read_connected(s, t, args[0]) : 0;
	if (!size)
		size = read_given(s, filter_register(args, f->peer), filter_register(args, f->peer + 1));
	if (!size || !key_of_address(s, size))
		return 1;
	s->key.table = f->table;
	if (f->texts[LOOKUP_PEER]) {
		s->key.bits = HEAD_BITS + 17 * 8;
		s->key.lookup = LOOKUP_PEER;
		look_up(a, &s->key, f->texts[LOOKUP_PEER], 1);
	}
	if (f->texts[LOOKUP_PORT]) {
		__builtin_memcpy(&s->key.text[0], &s->address[2], 2);
		s->key.bits = HEAD_BITS + 16;
		s->key.lookup = LOOKUP_PORT;
		look_up(a, &s->key, f->texts[LOOKUP_PORT], 1);
	}
	return holds(f, a);
}

/* The tests that the name of a dentry answers: most are of a length that nobody looks for, and need not be read. */
static __always_inline u64 name_answers(struct filter *f, struct text_key *key, struct step *step, u32 lookup)
{
	u32 length = step->hash_and_length >> 32;
	if (length >= TAIL || !(f->lengths[lookup - LOOKUP_LEAF] >> length & 1))
		return 0;
	if (bpf_probe_read_kernel_str(key->text, TAIL, (void *)step->name) <= 0)
		return ~0ULL;
	if (!may_be_found(&f->names[1 + lookup - LOOKUP_LEAF], *(u64 *)&key->text[0]))
		return 0;
	key->bits = HEAD_BITS + TAIL * 8;
	key->table = f->table;
	key->lookup = lookup;
	struct answers *found = texts.lookup(key);
	return found ? found->may : 0;
}

#define NAMES_ABOVE 12

/* Whether the event may still pass when the names of its file, and of the folders above, are known. What is walked is
 * what add_path walks. */
static __always_inline int passes_names(struct filter *f, struct answers *a, struct filter_scratch *s, struct file *file)
{
	u64 tests = f->texts[LOOKUP_LEAF] | f->texts[LOOKUP_ABOVE], may = 0;
	struct path place = {};
	struct step step = {};
	struct tree tree = {};
	bpf_probe_read_kernel(&place, sizeof(place), &file->f_path);
	struct dentry *dentry = (void *)place.dentry;
	struct mount *mount = mount_with((void *)place.mnt);
	read_tree(&tree, mount);
	int at_leaf = 1;
	for (int i = 0; i < NAMES_ABOVE; i++) {
		if (dentry == tree.root) {
			if (tree.parent == mount)
				goto known;
			dentry = tree.mountpoint;
			mount = tree.parent;
			read_tree(&tree, mount);
			continue;
		}
		read_step(&step, dentry);
		if (step.parent == dentry)
			goto known;
		may |= name_answers(f, &s->key, &step, at_leaf ? LOOKUP_LEAF : LOOKUP_ABOVE);
		if (!f->texts[LOOKUP_ABOVE])
			goto known;
		at_leaf = 0;
		dentry = step.parent;
	}
	return 1;
known:
	deny(a, tests & ~may);
	return holds(f, a);
}

static __always_inline int passes(struct filter *f, struct task_struct *t, struct spec *spec, u64 *args, s64 ret)
{
	u32 zero = 0;
	struct filter_scratch *s = filter_scratch.lookup(&zero);
	if (!s)
		return 1;
	struct answers *a = &s->answers;
	answer_numbers(f, a, t, args, ret);
	if (!holds(f, a))
		return 0;
	if (spec->string[0] >= 0 && (f->texts[LOOKUP_PREFIX] | f->texts[LOOKUP_SUFFIX] | f->sought | (f->used & FACTS_PATH)))
		if (!passes_path(f, a, s, filter_register(args, spec->string[0]), 0))
			return 0;
	if (f->texts[LOOKUP_COMM] && !passes_name(f, a, s, t))
		return 0;
	if (spec->string[0] >= 0 && f->sought && !passes_sought(f, a, s))
		return 0;
	if (spec->string[1] >= 0 && (f->texts[LOOKUP_PREFIX + 1] | f->texts[LOOKUP_SUFFIX + 1]))
		if (!passes_path(f, a, s, filter_register(args, spec->string[1]), 1))
			return 0;
	if (f->used & FACTS_SOCKET) {
		s32 fd = spec->fd >= 0 ? (s32)filter_register(args, spec->fd) : spec->fd == FROM_RETURN ? (s32)ret : -1;
		if (spec->fd != FROM_NOWHERE && !passes_descriptor(f, a, t, fd))
			return 0;
	}
	if (f->texts[LOOKUP_PEER] | f->texts[LOOKUP_PORT])
		if (!passes_peer(f, a, s, t, spec->event, args))
			return 0;
	if (f->texts[LOOKUP_LEAF] | f->texts[LOOKUP_ABOVE]) {
		struct file *file = spec->fd == FROM_RETURN && ret >= 0 ? file_of(t, ret) : 0;
		if (file && !passes_names(f, a, s, file))
			return 0;
	}
	return !(f->used & FACT_CONTAINER) || passes_container(f, a, t);
}

/* The row that is in force for a type of event; 0 when everything passes. */
static __always_inline struct filter *filter_of(u32 event)
{
	u32 option = OPTION_GENERATION, *found = options.lookup(&option);
	u32 generation = found ? *(volatile u32 *)found : 0;
	if (!generation)
		return 0;
	u32 row = (generation % FILTER_SETS) * FILTER_ROWS + (event & (FILTER_ROWS - 1));
	return filters.lookup(&row);
}
