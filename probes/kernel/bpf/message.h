/* What is sent and received: the address of the other side, and the beginning of the payload. */

#define SOCKADDR_SIZE 128 /* struct sockaddr_storage */

/* Pointers into user memory, 0 for none, and how much to read there. */
struct message {
	u64 address;
	u64 address_size;
	u64 payload;
	u64 payload_size;
};

/* The beginnings of struct msghdr and struct iovec, as 64-bit and as 32-bit programs have them. */
struct native_msghdr {
	u64 name;
	u32 name_size;
	u32 padding;
	u64 parts;
};

struct compat_msghdr {
	u32 name;
	u32 name_size;
	u32 parts;
};

static __always_inline void read_compat_msghdr(struct message *m, u64 pointer)
{
	struct compat_msghdr header = {};
	u32 part[2] = {};
	bpf_probe_read_user(&header, sizeof(header), (void *)pointer);
	bpf_probe_read_user(part, sizeof(part), (void *)(u64)header.parts);
	m->address = header.name;
	m->address_size = header.name_size;
	m->payload = part[0];
	m->payload_size = part[1];
}

static __always_inline void read_msghdr(struct message *m, u64 pointer)
{
	struct native_msghdr header = {};
	u64 part[2] = {};
	bpf_probe_read_user(&header, sizeof(header), (void *)pointer);
	bpf_probe_read_user(part, sizeof(part), (void *)header.parts);
	m->address = header.name;
	m->address_size = header.name_size;
	m->payload = part[0];
	m->payload_size = part[1];
}

static __always_inline u64 register_of(struct scratch *s, s8 number)
{
	u32 i = number;
	OPAQUE(i);
	if (number == FROM_RETURN)
		return s->record.ret;
	return i < 6 ? s->record.args[i] : 0;
}

static __always_inline u64 smaller(u64 a, u64 b)
{
	return a < b ? a : b;
}

/* Behind a struct msghdr in struct mmsghdr. */
#define NATIVE_LENGTH_AT 56
#define COMPAT_LENGTH_AT 28

/* How many bytes a message had. Of several the first counts: the return value is their number. */
static __always_inline u64 transferred(struct scratch *s)
{
	u32 size = 0, is_compat = s->record.flags & FLAG_COMPAT;
	if (s->record.event != EVENT_SENDMMSG && s->record.event != EVENT_RECVMMSG)
		return s->record.ret;
	u64 pointer = register_of(s, s->spec.message) + (is_compat ? COMPAT_LENGTH_AT : NATIVE_LENGTH_AT);
	bpf_probe_read_user(&size, sizeof(size), (void *)pointer);
	return size;
}

/* Where a message lies. */
static __always_inline struct message message_of(struct scratch *s)
{
	struct message m = {};
	struct spec *spec = &s->spec;
	if (spec->message != FROM_NOWHERE && s->record.flags & FLAG_COMPAT)
		read_compat_msghdr(&m, register_of(s, spec->message));
	else if (spec->message != FROM_NOWHERE)
		read_msghdr(&m, register_of(s, spec->message));
	if (spec->sockaddr != FROM_NOWHERE) {
		m.address = register_of(s, spec->sockaddr);
		m.address_size = register_of(s, spec->sockaddr + 1);
	}
	if (spec->sockaddr_size_at) {
		u32 size = 0;
		bpf_probe_read_user(&size, sizeof(size), (void *)m.address_size);
		m.address_size = size;
	}
	if (spec->payload != FROM_NOWHERE) {
		m.payload = register_of(s, spec->payload);
		m.payload_size = PAYLOAD_SIZE;
	}
	if (s->record.ret <= 0)
		m.payload = 0;
	else
		m.payload_size = smaller(m.payload_size, transferred(s));
	m.address_size = smaller((u32)m.address_size, SOCKADDR_SIZE);
	m.payload_size = smaller(m.payload_size, PAYLOAD_SIZE);
	return m;
}
