"""Rows 0 to 159 of the event table; :mod:`probes.scap.table` says how a row is read."""

ROWS = """
  0 GENERIC_E syscall other|syscall old|converted : ID:SYSCALLID nativeID:UINT16
  1 GENERIC_X syscall other|syscall converted : ID:SYSCALLID nativeID:UINT16
  2 SYSCALL_OPEN_E open file|syscall creates_fd|state|converted :
      name:FSPATH flags:FLAGS32=file_flags mode:UINT32/oct
  3 SYSCALL_OPEN_X open file|syscall creates_fd|state|converted :
      fd:FD name:FSPATH flags:FLAGS32=file_flags mode:UINT32/oct dev:UINT32/hex ino:UINT64
  4 SYSCALL_CLOSE_E close io_other|syscall old|destroys_fd|uses_fd|state|converted : fd:FD
  5 SYSCALL_CLOSE_X close io_other|syscall destroys_fd|uses_fd|state|converted : res:ERRNO fd:FD
  6 SYSCALL_READ_E read io_read|syscall old|uses_fd|reads_fd|converted : fd:FD size:UINT32
  7 SYSCALL_READ_X read io_read|syscall uses_fd|reads_fd|converted : res:ERRNO data:BYTEBUF fd:FD size:UINT32
  8 SYSCALL_WRITE_E write io_write|syscall old|uses_fd|writes_fd|converted : fd:FD size:UINT32
  9 SYSCALL_WRITE_X write io_write|syscall uses_fd|writes_fd|converted : res:ERRNO data:BYTEBUF fd:FD size:UINT32
 10 SYSCALL_BRK_1_E brk memory|syscall old|converted : size:UINT32
 11 SYSCALL_BRK_1_X brk memory|syscall old|converted : res:UINT64/hex
 12 SYSCALL_EXECVE_8_E execve process|syscall old|state|converted :
 13 SYSCALL_EXECVE_8_X execve process|syscall old|state|converted :
      res:ERRNO exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:UINT64
 14 SYSCALL_CLONE_11_E clone process|syscall old|state :
 15 SYSCALL_CLONE_11_X clone process|syscall old|state|converted :
      res:PID exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:INT64 flags:FLAGS32=clone_flags
      uid:UINT32 gid:UINT32
 16 PROCEXIT_E procexit process|tracepoint old|state|converted :
 17 PROCEXIT_X NA unknown unused :
 18 SOCKET_SOCKET_E socket net|syscall old|creates_fd|state|converted :
      domain:ENUMFLAGS32=socket_families type:UINT32 proto:UINT32
 19 SOCKET_SOCKET_X socket net|syscall creates_fd|state|converted :
      fd:FD domain:ENUMFLAGS32=socket_families type:UINT32 proto:UINT32 flags:FLAGS32=file_flags
 20 SOCKET_BIND_E bind net|syscall old|uses_fd|state|converted : fd:FD
 21 SOCKET_BIND_X bind net|syscall uses_fd|state|converted : res:ERRNO addr:SOCKADDR fd:FD
 22 SOCKET_CONNECT_E connect net|syscall uses_fd|state|converted : fd:FD addr:SOCKADDR
 23 SOCKET_CONNECT_X connect net|syscall uses_fd|state|converted : res:ERRNO tuple:SOCKTUPLE fd:FD addr:SOCKADDR
 24 SOCKET_LISTEN_E listen net|syscall old|uses_fd|converted : fd:FD backlog:INT32
 25 SOCKET_LISTEN_X listen net|syscall uses_fd|converted : res:ERRNO fd:FD backlog:INT32
 26 SOCKET_ACCEPT_E accept net|syscall old|creates_fd|state :
 27 SOCKET_ACCEPT_X accept net|syscall old|creates_fd|state|converted : fd:FD tuple:SOCKTUPLE queuepct:UINT8
 28 SOCKET_SEND_E send io_write|syscall old|uses_fd|writes_fd|converted : fd:FD size:UINT32
 29 SOCKET_SEND_X send io_write|syscall uses_fd|writes_fd|converted :
      res:ERRNO data:BYTEBUF fd:FD size:UINT32 tuple:SOCKTUPLE
 30 SOCKET_SENDTO_E sendto io_write|syscall old|uses_fd|writes_fd|state|converted :
      fd:FD size:UINT32 tuple:SOCKTUPLE
 31 SOCKET_SENDTO_X sendto io_write|syscall uses_fd|writes_fd|state|converted :
      res:ERRNO data:BYTEBUF fd:FD size:UINT32 tuple:SOCKTUPLE
 32 SOCKET_RECV_E recv io_read|syscall old|uses_fd|reads_fd|converted : fd:FD size:UINT32
 33 SOCKET_RECV_X recv io_read|syscall uses_fd|reads_fd|converted :
      res:ERRNO data:BYTEBUF fd:FD size:UINT32 tuple:SOCKTUPLE
 34 SOCKET_RECVFROM_E recvfrom io_read|syscall old|uses_fd|reads_fd|state|converted : fd:FD size:UINT32
 35 SOCKET_RECVFROM_X recvfrom io_read|syscall uses_fd|reads_fd|state|converted :
      res:ERRNO data:BYTEBUF tuple:SOCKTUPLE fd:FD size:UINT32
 36 SOCKET_SHUTDOWN_E shutdown net|syscall old|uses_fd|state|converted : fd:FD how:ENUMFLAGS8/hex=shutdown_how
 37 SOCKET_SHUTDOWN_X shutdown net|syscall uses_fd|state|converted : res:ERRNO fd:FD how:ENUMFLAGS8/hex=shutdown_how
 38 SOCKET_GETSOCKNAME_E getsockname net|syscall old :
 39 SOCKET_GETSOCKNAME_X getsockname net|syscall - :
 40 SOCKET_GETPEERNAME_E getpeername net|syscall old :
 41 SOCKET_GETPEERNAME_X getpeername net|syscall - :
 42 SOCKET_SOCKETPAIR_E socketpair ipc|syscall old|creates_fd|state|converted :
      domain:ENUMFLAGS32=socket_families type:UINT32 proto:UINT32
 43 SOCKET_SOCKETPAIR_X socketpair ipc|syscall creates_fd|state|converted :
      res:ERRNO fd1:FD fd2:FD source:UINT64/hex peer:UINT64/hex domain:ENUMFLAGS32=socket_families type:UINT32
      proto:UINT32
 44 SOCKET_SETSOCKOPT_E setsockopt net|syscall old :
 45 SOCKET_SETSOCKOPT_X setsockopt net|syscall uses_fd :
      res:ERRNO fd:FD level:ENUMFLAGS8=sockopt_levels optname:ENUMFLAGS8=sockopt_options val:DYN=sockopt_dynamic_param
      optlen:UINT32
 46 SOCKET_GETSOCKOPT_E getsockopt net|syscall old|state :
 47 SOCKET_GETSOCKOPT_X getsockopt net|syscall uses_fd|state :
      res:ERRNO fd:FD level:ENUMFLAGS8=sockopt_levels optname:ENUMFLAGS8=sockopt_options val:DYN=sockopt_dynamic_param
      optlen:UINT32
 48 SOCKET_SENDMSG_E sendmsg io_write|syscall old|uses_fd|writes_fd|state|converted :
      fd:FD size:UINT32 tuple:SOCKTUPLE
 49 SOCKET_SENDMSG_X sendmsg io_write|syscall uses_fd|writes_fd|state|converted :
      res:ERRNO data:BYTEBUF fd:FD size:UINT32 tuple:SOCKTUPLE
 50 SOCKET_SENDMMSG_E sendmmsg io_write|syscall old :
 51 SOCKET_SENDMMSG_X sendmmsg io_write|syscall uses_fd|writes_fd|state|converted :
      res:ERRNO fd:FD size:UINT32 data:BYTEBUF tuple:SOCKTUPLE
 52 SOCKET_RECVMSG_E recvmsg io_read|syscall old|uses_fd|reads_fd|state|converted : fd:FD
 53 SOCKET_RECVMSG_X recvmsg io_read|syscall uses_fd|reads_fd|state|converted :
      res:ERRNO size:UINT32 data:BYTEBUF tuple:SOCKTUPLE msgcontrol:BYTEBUF fd:FD
 54 SOCKET_RECVMMSG_E recvmmsg io_read|syscall old :
 55 SOCKET_RECVMMSG_X recvmmsg io_read|syscall uses_fd|reads_fd|state|converted :
      res:ERRNO fd:FD size:UINT32 data:BYTEBUF tuple:SOCKTUPLE msgcontrol:BYTEBUF
 56 SOCKET_ACCEPT4_E accept net|syscall old|creates_fd|state|converted : flags:INT32/hex
 57 SOCKET_ACCEPT4_X accept net|syscall old|creates_fd|state|converted : fd:FD tuple:SOCKTUPLE queuepct:UINT8
 58 SYSCALL_CREAT_E creat file|syscall creates_fd|state|converted : name:FSPATH mode:UINT32/oct
 59 SYSCALL_CREAT_X creat file|syscall creates_fd|state|converted :
      fd:FD name:FSPATH mode:UINT32/oct dev:UINT32/hex ino:UINT64 creat_flags:FLAGS16=creat_flags
 60 SYSCALL_PIPE_E pipe ipc|syscall old|creates_fd|state :
 61 SYSCALL_PIPE_X pipe ipc|syscall creates_fd|state : res:ERRNO fd1:FD fd2:FD ino:UINT64
 62 SYSCALL_EVENTFD_E eventfd ipc|syscall old|creates_fd|state|converted : initval:UINT64 flags:UINT32/hex
 63 SYSCALL_EVENTFD_X eventfd ipc|syscall creates_fd|state|converted : res:FD initval:UINT64 flags:UINT32/hex
 64 SYSCALL_FUTEX_E futex ipc|syscall old|converted : addr:UINT64/hex op:FLAGS16=futex_operations val:UINT64
 65 SYSCALL_FUTEX_X futex ipc|syscall converted : res:ERRNO addr:UINT64/hex op:FLAGS16=futex_operations val:UINT64
 66 SYSCALL_STAT_E stat file|syscall old :
 67 SYSCALL_STAT_X stat file|syscall - : res:ERRNO path:FSPATH
 68 SYSCALL_LSTAT_E lstat file|syscall old :
 69 SYSCALL_LSTAT_X lstat file|syscall - : res:ERRNO path:FSPATH
 70 SYSCALL_FSTAT_E fstat file|syscall old|uses_fd|converted : fd:FD/na
 71 SYSCALL_FSTAT_X fstat file|syscall uses_fd|converted : res:ERRNO fd:FD/na
 72 SYSCALL_STAT64_E stat64 file|syscall old :
 73 SYSCALL_STAT64_X stat64 file|syscall - : res:ERRNO path:FSPATH
 74 SYSCALL_LSTAT64_E lstat64 file|syscall old :
 75 SYSCALL_LSTAT64_X lstat64 file|syscall - : res:ERRNO path:FSPATH
 76 SYSCALL_FSTAT64_E fstat64 file|syscall old|uses_fd : fd:FD/na
 77 SYSCALL_FSTAT64_X fstat64 file|syscall - : res:ERRNO
 78 SYSCALL_EPOLLWAIT_E epoll_wait wait|syscall old|waits|converted : maxevents:ERRNO
 79 SYSCALL_EPOLLWAIT_X epoll_wait wait|syscall waits|converted : res:ERRNO maxevents:ERRNO
 80 SYSCALL_POLL_E poll wait|syscall old|waits|converted : fds:FDLIST timeout:INT64
 81 SYSCALL_POLL_X poll wait|syscall waits|converted : res:ERRNO fds:FDLIST timeout:INT64
 82 SYSCALL_SELECT_E select wait|syscall old|waits :
 83 SYSCALL_SELECT_X select wait|syscall waits : res:ERRNO
 84 SYSCALL_NEWSELECT_E select wait|syscall old|waits :
 85 SYSCALL_NEWSELECT_X select wait|syscall old|waits|converted : res:ERRNO
 86 SYSCALL_LSEEK_E lseek file|syscall old|uses_fd|converted : fd:FD offset:UINT64 whence:ENUMFLAGS8=lseek_whence
 87 SYSCALL_LSEEK_X lseek file|syscall uses_fd|converted :
      res:ERRNO fd:FD offset:UINT64 whence:ENUMFLAGS8=lseek_whence
 88 SYSCALL_LLSEEK_E llseek file|syscall old|uses_fd|converted : fd:FD offset:UINT64 whence:ENUMFLAGS8=lseek_whence
 89 SYSCALL_LLSEEK_X llseek file|syscall uses_fd|converted :
      res:ERRNO fd:FD offset:UINT64 whence:ENUMFLAGS8=lseek_whence
 90 SYSCALL_IOCTL_2_E ioctl io_other|syscall old|uses_fd|converted : fd:FD request:UINT64/hex
 91 SYSCALL_IOCTL_2_X ioctl io_other|syscall old|uses_fd|converted : res:ERRNO
 92 SYSCALL_GETCWD_E getcwd file|syscall old :
 93 SYSCALL_GETCWD_X getcwd file|syscall - : res:ERRNO path:CHARBUF
 94 SYSCALL_CHDIR_E chdir file|syscall old|state :
 95 SYSCALL_CHDIR_X chdir file|syscall state : res:ERRNO path:CHARBUF
 96 SYSCALL_FCHDIR_E fchdir file|syscall old|uses_fd|state|converted : fd:FD/na
 97 SYSCALL_FCHDIR_X fchdir file|syscall uses_fd|state|converted : res:ERRNO fd:FD/na
 98 SYSCALL_MKDIR_E mkdir file|syscall old|converted : path:FSPATH mode:UINT32/hex
 99 SYSCALL_MKDIR_X mkdir file|syscall old|converted : res:ERRNO
100 SYSCALL_RMDIR_E rmdir file|syscall old|converted : path:FSPATH
101 SYSCALL_RMDIR_X rmdir file|syscall old|converted : res:ERRNO
102 SYSCALL_OPENAT_E openat file|syscall old|creates_fd|state|converted :
      dirfd:FD name:CHARBUF flags:FLAGS32=file_flags mode:UINT32/oct
103 SYSCALL_OPENAT_X openat file|syscall old|creates_fd|state|converted : fd:FD
104 SYSCALL_LINK_E link file|syscall old|converted : oldpath:FSPATH newpath:FSPATH
105 SYSCALL_LINK_X link file|syscall old|converted : res:ERRNO
106 SYSCALL_LINKAT_E linkat file|syscall old|converted : olddir:FD oldpath:CHARBUF newdir:FD newpath:CHARBUF
107 SYSCALL_LINKAT_X linkat file|syscall old|converted : res:ERRNO
108 SYSCALL_UNLINK_E unlink file|syscall old|converted : path:FSPATH
109 SYSCALL_UNLINK_X unlink file|syscall old|converted : res:ERRNO
110 SYSCALL_UNLINKAT_E unlinkat file|syscall old|converted : dirfd:FD name:CHARBUF
111 SYSCALL_UNLINKAT_X unlinkat file|syscall old|converted : res:ERRNO
112 SYSCALL_PREAD_E pread io_read|syscall old|uses_fd|reads_fd|converted : fd:FD size:UINT32 pos:UINT64
113 SYSCALL_PREAD_X pread io_read|syscall uses_fd|reads_fd|converted :
      res:ERRNO data:BYTEBUF fd:FD size:UINT32 pos:UINT64
114 SYSCALL_PWRITE_E pwrite io_write|syscall old|uses_fd|writes_fd|converted : fd:FD size:UINT32 pos:UINT64
115 SYSCALL_PWRITE_X pwrite io_write|syscall uses_fd|writes_fd|converted :
      res:ERRNO data:BYTEBUF fd:FD size:UINT32 pos:UINT64
116 SYSCALL_READV_E readv io_read|syscall old|uses_fd|reads_fd|converted : fd:FD
117 SYSCALL_READV_X readv io_read|syscall uses_fd|reads_fd|converted : res:ERRNO size:UINT32 data:BYTEBUF fd:FD
118 SYSCALL_WRITEV_E writev io_write|syscall old|uses_fd|writes_fd|converted : fd:FD size:UINT32
119 SYSCALL_WRITEV_X writev io_write|syscall uses_fd|writes_fd|converted : res:ERRNO data:BYTEBUF fd:FD size:UINT32
120 SYSCALL_PREADV_E preadv io_read|syscall old|uses_fd|reads_fd|converted : fd:FD pos:UINT64
121 SYSCALL_PREADV_X preadv io_read|syscall uses_fd|reads_fd|converted :
      res:ERRNO size:UINT32 data:BYTEBUF fd:FD pos:UINT64
122 SYSCALL_PWRITEV_E pwritev io_write|syscall old|uses_fd|writes_fd|converted : fd:FD size:UINT32 pos:UINT64
123 SYSCALL_PWRITEV_X pwritev io_write|syscall uses_fd|writes_fd|converted :
      res:ERRNO data:BYTEBUF fd:FD size:UINT32 pos:UINT64
124 SYSCALL_DUP_E dup io_other|syscall old|creates_fd|uses_fd|state|converted : fd:FD
125 SYSCALL_DUP_X dup io_other|syscall old|creates_fd|uses_fd|state|converted : res:FD
126 SYSCALL_SIGNALFD_E signalfd signal|syscall old|creates_fd|state|converted :
      fd:FD mask:UINT32/hex flags:UINT8/hex
127 SYSCALL_SIGNALFD_X signalfd signal|syscall creates_fd|state|converted :
      res:FD fd:FD mask:UINT32/hex flags:UINT8/hex
128 SYSCALL_KILL_E kill signal|syscall old|converted : pid:PID sig:SIGTYPE
129 SYSCALL_KILL_X kill signal|syscall converted : res:ERRNO pid:PID sig:SIGTYPE
130 SYSCALL_TKILL_E tkill signal|syscall old|converted : tid:PID sig:SIGTYPE
131 SYSCALL_TKILL_X tkill signal|syscall converted : res:ERRNO tid:PID sig:SIGTYPE
132 SYSCALL_TGKILL_E tgkill signal|syscall old|converted : pid:PID tid:PID sig:SIGTYPE
133 SYSCALL_TGKILL_X tgkill signal|syscall converted : res:ERRNO pid:PID tid:PID sig:SIGTYPE
134 SYSCALL_NANOSLEEP_E nanosleep sleep|syscall old|waits|converted : interval:RELTIME
135 SYSCALL_NANOSLEEP_X nanosleep sleep|syscall waits|converted : res:ERRNO interval:RELTIME
136 SYSCALL_TIMERFD_CREATE_E timerfd_create time|syscall old|creates_fd|state|converted :
      clockid:UINT8 flags:UINT8/hex
137 SYSCALL_TIMERFD_CREATE_X timerfd_create time|syscall creates_fd|state|converted :
      res:FD clockid:UINT8 flags:UINT8/hex
138 SYSCALL_INOTIFY_INIT_E inotify_init ipc|syscall old|creates_fd|state|converted : flags:UINT8/hex
139 SYSCALL_INOTIFY_INIT_X inotify_init ipc|syscall creates_fd|state|converted : res:FD flags:UINT8/hex
140 SYSCALL_GETRLIMIT_E getrlimit process|syscall old|converted : resource:ENUMFLAGS8=rlimit_resources
141 SYSCALL_GETRLIMIT_X getrlimit process|syscall converted :
      res:ERRNO cur:INT64 max:INT64 resource:ENUMFLAGS8=rlimit_resources
142 SYSCALL_SETRLIMIT_E setrlimit process|syscall old|converted : resource:ENUMFLAGS8=rlimit_resources
143 SYSCALL_SETRLIMIT_X setrlimit process|syscall converted :
      res:ERRNO cur:INT64 max:INT64 resource:ENUMFLAGS8=rlimit_resources
144 SYSCALL_PRLIMIT_E prlimit process|syscall old|converted : pid:PID resource:ENUMFLAGS8=rlimit_resources
145 SYSCALL_PRLIMIT_X prlimit process|syscall converted :
      res:ERRNO newcur:INT64 newmax:INT64 oldcur:INT64 oldmax:INT64 pid:INT64 resource:ENUMFLAGS8=rlimit_resources
146 SCHEDSWITCH_1_E switch scheduler|tracepoint old|aside|converted : next:PID
147 SCHEDSWITCH_1_X NA unknown unused :
148 DROP_E drop internal|metaevent aside : ratio:UINT32
149 DROP_X drop internal|metaevent aside : ratio:UINT32
150 SYSCALL_FCNTL_E fcntl io_other|syscall old|uses_fd|state|converted : fd:FD cmd:ENUMFLAGS8=fcntl_commands
151 SYSCALL_FCNTL_X fcntl io_other|syscall uses_fd|state|converted :
      res:FD fd:FD cmd:ENUMFLAGS8=fcntl_commands arg:UINT64/hex
152 SCHEDSWITCH_6_E switch scheduler|tracepoint - :
      next:PID pgft_maj:UINT64 pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32
153 SCHEDSWITCH_6_X NA unknown unused :
154 SYSCALL_EXECVE_13_E execve process|syscall old|state|converted :
155 SYSCALL_EXECVE_13_X execve process|syscall old|state|converted :
      res:ERRNO exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:UINT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32
156 SYSCALL_CLONE_16_E clone process|syscall old|state :
157 SYSCALL_CLONE_16_X clone process|syscall old|state|converted :
      res:PID exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:INT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 flags:FLAGS32=clone_flags uid:UINT32 gid:UINT32
158 SYSCALL_BRK_4_E brk memory|syscall old|converted : addr:UINT64/hex
159 SYSCALL_BRK_4_X brk memory|syscall converted :
      res:UINT64/hex vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 addr:UINT64/hex
"""
