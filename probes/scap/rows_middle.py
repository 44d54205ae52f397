"""Rows 160 to 309 of the event table; :mod:`probes.scap.table` says how a row is read."""

ROWS = """
160 SYSCALL_MMAP_E mmap memory|syscall old|uses_fd|converted :
      addr:UINT64/hex length:UINT64 prot:FLAGS32=prot_flags flags:FLAGS32=mmap_flags fd:FD offset:UINT64
161 SYSCALL_MMAP_X mmap memory|syscall uses_fd|converted :
      res:ERRNO/hex vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 addr:UINT64/hex length:UINT64 prot:FLAGS32=prot_flags
      flags:FLAGS32=mmap_flags fd:FD offset:UINT64
162 SYSCALL_MMAP2_E mmap2 memory|syscall old|uses_fd|converted :
      addr:UINT64/hex length:UINT64 prot:FLAGS32=prot_flags flags:FLAGS32=mmap_flags fd:FD pgoffset:UINT64
163 SYSCALL_MMAP2_X mmap2 memory|syscall uses_fd|converted :
      res:ERRNO/hex vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 addr:UINT64/hex length:UINT64 prot:FLAGS32=prot_flags
      flags:FLAGS32=mmap_flags fd:FD pgoffset:UINT64
164 SYSCALL_MUNMAP_E munmap memory|syscall old|converted : addr:UINT64/hex length:UINT64
165 SYSCALL_MUNMAP_X munmap memory|syscall converted :
      res:ERRNO vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 addr:UINT64/hex length:UINT64
166 SYSCALL_SPLICE_E splice io_other|syscall old|uses_fd|converted :
      fd_in:FD fd_out:FD size:UINT64 flags:FLAGS32=splice_flags
167 SYSCALL_SPLICE_X splice io_other|syscall uses_fd|converted :
      res:ERRNO fd_in:FD fd_out:FD size:UINT64 flags:FLAGS32=splice_flags
168 SYSCALL_PTRACE_E ptrace process|syscall old|converted : request:ENUMFLAGS16=ptrace_requests pid:PID
169 SYSCALL_PTRACE_X ptrace process|syscall converted :
      res:ERRNO addr:DYN/hex=ptrace_dynamic_param data:DYN/hex=ptrace_dynamic_param
      request:ENUMFLAGS16=ptrace_requests pid:PID
170 SYSCALL_IOCTL_3_E ioctl io_other|syscall old|uses_fd|converted : fd:FD request:UINT64/hex argument:UINT64/hex
171 SYSCALL_IOCTL_3_X ioctl io_other|syscall uses_fd|converted :
      res:ERRNO fd:FD request:UINT64/hex argument:UINT64/hex
172 SYSCALL_EXECVE_14_E execve process|syscall old|state|converted :
173 SYSCALL_EXECVE_14_X execve process|syscall old|state|converted :
      res:ERRNO exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:UINT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 env:BYTEBUF
174 SYSCALL_RENAME_E rename file|syscall old :
175 SYSCALL_RENAME_X rename file|syscall - : res:ERRNO oldpath:FSPATH newpath:FSPATH
176 SYSCALL_RENAMEAT_E renameat file|syscall old :
177 SYSCALL_RENAMEAT_X renameat file|syscall - :
      res:ERRNO olddirfd:FD oldpath:FSRELPATH@1 newdirfd:FD newpath:FSRELPATH@3
178 SYSCALL_SYMLINK_E symlink file|syscall old :
179 SYSCALL_SYMLINK_X symlink file|syscall - : res:ERRNO target:CHARBUF linkpath:FSPATH
180 SYSCALL_SYMLINKAT_E symlinkat file|syscall old :
181 SYSCALL_SYMLINKAT_X symlinkat file|syscall uses_fd : res:ERRNO target:CHARBUF linkdirfd:FD linkpath:FSRELPATH@2
182 SYSCALL_FORK_E fork process|syscall old|state :
183 SYSCALL_FORK_X fork process|syscall old|state|converted :
      res:PID exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:INT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 flags:FLAGS32=clone_flags uid:UINT32 gid:UINT32
184 SYSCALL_VFORK_E vfork process|syscall old|state :
185 SYSCALL_VFORK_X vfork process|syscall old|state|converted :
      res:PID exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:INT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 flags:FLAGS32=clone_flags uid:UINT32 gid:UINT32
186 PROCEXIT_1_E procexit process|tracepoint state : status:ERRNO ret:ERRNO sig:SIGTYPE core:UINT8 reaper_tid:PID
187 PROCEXIT_1_X NA unknown unused :
188 SYSCALL_SENDFILE_E sendfile io_write|syscall old|uses_fd|converted :
      out_fd:FD in_fd:FD offset:UINT64 size:UINT64
189 SYSCALL_SENDFILE_X sendfile io_write|syscall uses_fd|converted :
      res:ERRNO offset:UINT64 out_fd:FD in_fd:FD size:UINT64
190 SYSCALL_QUOTACTL_E quotactl user|syscall old|converted :
      cmd:FLAGS16/dec=quotactl_cmds type:FLAGS8/dec=quotactl_types id:UINT32 quota_fmt:FLAGS8/dec=quotactl_quota_fmts
191 SYSCALL_QUOTACTL_X quotactl user|syscall converted :
      res:ERRNO special:CHARBUF quotafilepath:CHARBUF dqb_bhardlimit:UINT64 dqb_bsoftlimit:UINT64 dqb_curspace:UINT64
      dqb_ihardlimit:UINT64 dqb_isoftlimit:UINT64 dqb_btime:RELTIME dqb_itime:RELTIME dqi_bgrace:RELTIME
      dqi_igrace:RELTIME dqi_flags:FLAGS8/dec=quotactl_dqi_flags quota_fmt_out:FLAGS8/dec=quotactl_quota_fmts
      cmd:FLAGS16/dec=quotactl_cmds type:FLAGS8/dec=quotactl_types id:UINT32 quota_fmt:FLAGS8/dec=quotactl_quota_fmts
192 SYSCALL_SETRESUID_E setresuid user|syscall old|state|converted : ruid:UID euid:UID suid:UID
193 SYSCALL_SETRESUID_X setresuid user|syscall state|converted : res:ERRNO ruid:UID euid:UID suid:UID
194 SYSCALL_SETRESGID_E setresgid user|syscall old|state|converted : rgid:GID egid:GID sgid:GID
195 SYSCALL_SETRESGID_X setresgid user|syscall state|converted : res:ERRNO rgid:GID egid:GID sgid:GID
196 SCAPEVENT_E scapevent internal|metaevent aside : event_type:UINT32 event_data:UINT64
197 SCAPEVENT_X NA unknown unused :
198 SYSCALL_SETUID_E setuid user|syscall old|state|converted : uid:UID
199 SYSCALL_SETUID_X setuid user|syscall state|converted : res:ERRNO uid:UID
200 SYSCALL_SETGID_E setgid user|syscall old|state|converted : gid:GID
201 SYSCALL_SETGID_X setgid user|syscall state|converted : res:ERRNO gid:GID
202 SYSCALL_GETUID_E getuid user|syscall old :
203 SYSCALL_GETUID_X getuid user|syscall - : uid:UID
204 SYSCALL_GETEUID_E geteuid user|syscall old :
205 SYSCALL_GETEUID_X geteuid user|syscall - : euid:UID
206 SYSCALL_GETGID_E getgid user|syscall old :
207 SYSCALL_GETGID_X getgid user|syscall - : gid:GID
208 SYSCALL_GETEGID_E getegid user|syscall old :
209 SYSCALL_GETEGID_X getegid user|syscall - : egid:GID
210 SYSCALL_GETRESUID_E getresuid user|syscall old :
211 SYSCALL_GETRESUID_X getresuid user|syscall - : res:ERRNO ruid:UID euid:UID suid:UID
212 SYSCALL_GETRESGID_E getresgid user|syscall old :
213 SYSCALL_GETRESGID_X getresgid user|syscall - : res:ERRNO rgid:GID egid:GID sgid:GID
214 SYSCALL_EXECVE_15_E execve process|syscall old|state|converted :
215 SYSCALL_EXECVE_15_X execve process|syscall old|state|converted :
      res:ERRNO exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:UINT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 comm:CHARBUF env:BYTEBUF
216 SYSCALL_CLONE_17_E clone process|syscall old|state :
217 SYSCALL_CLONE_17_X clone process|syscall old|state|converted :
      res:PID exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:INT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 comm:CHARBUF flags:FLAGS32=clone_flags uid:UINT32
      gid:UINT32
218 SYSCALL_FORK_17_E fork process|syscall old|state :
219 SYSCALL_FORK_17_X fork process|syscall old|state|converted :
      res:PID exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:INT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 comm:CHARBUF flags:FLAGS32=clone_flags uid:UINT32
      gid:UINT32
220 SYSCALL_VFORK_17_E vfork process|syscall old|state :
221 SYSCALL_VFORK_17_X vfork process|syscall old|state|converted :
      res:PID exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:INT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 comm:CHARBUF flags:FLAGS32=clone_flags uid:UINT32
      gid:UINT32
222 SYSCALL_CLONE_20_E clone process|syscall old|state :
223 SYSCALL_CLONE_20_X clone process|syscall state|converted :
      res:PID exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:INT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 comm:CHARBUF cgroups:BYTEBUF
      flags:FLAGS32=clone_flags uid:UINT32 gid:UINT32 vtid:PID vpid:PID pidns_init_start_ts:UINT64
224 SYSCALL_FORK_20_E fork process|syscall old|state :
225 SYSCALL_FORK_20_X fork process|syscall state|converted :
      res:PID exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:INT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 comm:CHARBUF cgroups:BYTEBUF
      flags:FLAGS32=clone_flags uid:UINT32 gid:UINT32 vtid:PID vpid:PID pidns_init_start_ts:UINT64
226 SYSCALL_VFORK_20_E vfork process|syscall old|state :
227 SYSCALL_VFORK_20_X vfork process|syscall state|converted :
      res:PID exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:INT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 comm:CHARBUF cgroups:BYTEBUF
      flags:FLAGS32=clone_flags uid:UINT32 gid:UINT32 vtid:PID vpid:PID pidns_init_start_ts:UINT64
228 CONTAINER_E container internal|metaevent old|aside|state|converted :
      id:CHARBUF type:UINT32 name:CHARBUF image:CHARBUF
229 CONTAINER_X NA unknown unused :
230 SYSCALL_EXECVE_16_E execve process|syscall old|state|converted :
231 SYSCALL_EXECVE_16_X execve process|syscall old|state|converted :
      res:ERRNO exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:UINT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 comm:CHARBUF cgroups:BYTEBUF env:BYTEBUF
232 SIGNALDELIVER_E signaldeliver signal|tracepoint - : spid:PID dpid:PID sig:SIGTYPE
233 SIGNALDELIVER_X NA unknown unused :
234 PROCINFO_E procinfo internal|metaevent aside : cpu_usr:UINT64 cpu_sys:UINT64
235 PROCINFO_X NA unknown unused :
236 SYSCALL_GETDENTS_E getdents file|syscall old|uses_fd|converted : fd:FD/na
237 SYSCALL_GETDENTS_X getdents file|syscall uses_fd|converted : res:ERRNO fd:FD/na
238 SYSCALL_GETDENTS64_E getdents64 file|syscall old|uses_fd|converted : fd:FD/na
239 SYSCALL_GETDENTS64_X getdents64 file|syscall uses_fd|converted : res:ERRNO fd:FD/na
240 SYSCALL_SETNS_E setns process|syscall old|uses_fd|converted : fd:FD/na nstype:FLAGS32=clone_flags
241 SYSCALL_SETNS_X setns process|syscall uses_fd|converted : res:ERRNO fd:FD/na nstype:FLAGS32=clone_flags
242 SYSCALL_FLOCK_E flock file|syscall old|uses_fd|converted : fd:FD/na operation:FLAGS32=flock_flags
243 SYSCALL_FLOCK_X flock file|syscall uses_fd|converted : res:ERRNO fd:FD/na operation:FLAGS32=flock_flags
244 CPU_HOTPLUG_E cpu_hotplug system|metaevent aside|state : cpu:UINT32 action:UINT32
245 CPU_HOTPLUG_X NA unknown unused :
246 SOCKET_ACCEPT_5_E accept net|syscall old|creates_fd|state :
247 SOCKET_ACCEPT_5_X accept net|syscall creates_fd|state :
      fd:FD tuple:SOCKTUPLE queuepct:UINT8 queuelen:UINT32 queuemax:UINT32
248 SOCKET_ACCEPT4_5_E accept net|syscall old|creates_fd|state|converted : flags:INT32/hex
249 SOCKET_ACCEPT4_5_X accept net|syscall old|creates_fd|state|converted :
      fd:FD tuple:SOCKTUPLE queuepct:UINT8 queuelen:UINT32 queuemax:UINT32
250 SYSCALL_SEMOP_E semop process|syscall old|converted : semid:INT32
251 SYSCALL_SEMOP_X semop process|syscall converted :
      res:ERRNO nsops:UINT32 sem_num_0:UINT16 sem_op_0:INT16 sem_flg_0:FLAGS16=semop_flags sem_num_1:UINT16
      sem_op_1:INT16 sem_flg_1:FLAGS16=semop_flags semid:INT32
252 SYSCALL_SEMCTL_E semctl process|syscall old|converted :
      semid:INT32 semnum:INT32 cmd:FLAGS16=semctl_commands val:INT32
253 SYSCALL_SEMCTL_X semctl process|syscall converted :
      res:ERRNO semid:INT32 semnum:INT32 cmd:FLAGS16=semctl_commands val:INT32
254 SYSCALL_PPOLL_E ppoll wait|syscall old|waits|converted : fds:FDLIST timeout:RELTIME sigmask:SIGSET
255 SYSCALL_PPOLL_X ppoll wait|syscall waits|converted : res:ERRNO fds:FDLIST timeout:RELTIME sigmask:SIGSET
256 SYSCALL_MOUNT_E mount file|syscall old|state|converted : flags:FLAGS32=mount_flags
257 SYSCALL_MOUNT_X mount file|syscall state|converted :
      res:ERRNO dev:CHARBUF dir:FSPATH type:CHARBUF flags:FLAGS32=mount_flags
258 SYSCALL_UMOUNT_E umount file|syscall old|state : flags:FLAGS32=umount_flags
259 SYSCALL_UMOUNT_X umount file|syscall old|state|converted : res:ERRNO name:FSPATH
260 K8S_E k8s internal|metaevent old|aside|state : json:CHARBUF
261 K8S_X NA unknown unused :
262 SYSCALL_SEMGET_E semget process|syscall old|converted : key:INT32/hex nsems:INT32 semflg:FLAGS32=semget_flags
263 SYSCALL_SEMGET_X semget process|syscall converted :
      res:ERRNO key:INT32/hex nsems:INT32 semflg:FLAGS32=semget_flags
264 SYSCALL_ACCESS_E access file|syscall old|converted : mode:FLAGS32=access_flags
265 SYSCALL_ACCESS_X access file|syscall converted : res:ERRNO name:FSPATH mode:FLAGS32=access_flags
266 SYSCALL_CHROOT_E chroot process|syscall old|state :
267 SYSCALL_CHROOT_X chroot process|syscall state : res:ERRNO path:FSPATH
268 TRACER_E tracer other|metaevent old : id:INT64 tags:CHARBUFARRAY args:CHARBUF_PAIR_ARRAY
269 TRACER_X NA unknown unused : id:INT64 tags:CHARBUFARRAY args:CHARBUF_PAIR_ARRAY
270 MESOS_E mesos internal|metaevent old|aside|state : json:CHARBUF
271 MESOS_X NA unknown unused :
272 CONTAINER_JSON_E container process|metaevent old|state|converted : json:CHARBUF
273 CONTAINER_JSON_X NA unknown unused :
274 SYSCALL_SETSID_E setsid process|syscall old|state :
275 SYSCALL_SETSID_X setsid process|syscall state : res:PID
276 SYSCALL_MKDIR_2_E mkdir file|syscall old|converted : mode:UINT32/hex
277 SYSCALL_MKDIR_2_X mkdir file|syscall converted : res:ERRNO path:FSPATH mode:UINT32/hex
278 SYSCALL_RMDIR_2_E rmdir file|syscall old :
279 SYSCALL_RMDIR_2_X rmdir file|syscall - : res:ERRNO path:FSPATH
280 NOTIFICATION_E notification other|metaevent aside : id:CHARBUF/dec desc:CHARBUF
281 NOTIFICATION_X NA unknown unused :
282 SYSCALL_EXECVE_17_E execve process|syscall old|state|converted :
283 SYSCALL_EXECVE_17_X execve process|syscall old|state|converted :
      res:ERRNO exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:UINT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 comm:CHARBUF cgroups:BYTEBUF env:BYTEBUF tty:INT32
284 SYSCALL_UNSHARE_E unshare process|syscall old|converted : flags:FLAGS32=clone_flags
285 SYSCALL_UNSHARE_X unshare process|syscall converted : res:ERRNO flags:FLAGS32=clone_flags
286 INFRASTRUCTURE_EVENT_E infra internal|metaevent aside :
      source:CHARBUF/dec name:CHARBUF description:CHARBUF scope:CHARBUF
287 INFRASTRUCTURE_EVENT_X NA unknown unused :
288 SYSCALL_EXECVE_18_E execve process|syscall old|state|converted : filename:FSPATH
289 SYSCALL_EXECVE_18_X execve process|syscall old|state|converted :
      res:ERRNO exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:UINT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 comm:CHARBUF cgroups:BYTEBUF env:BYTEBUF tty:INT32
290 PAGE_FAULT_E page_fault other|tracepoint aside : addr:UINT64/hex ip:UINT64/hex error:FLAGS32=pf_flags
291 PAGE_FAULT_X NA unknown unused :
292 SYSCALL_EXECVE_19_E execve process|syscall old|state|converted : filename:FSPATH
293 SYSCALL_EXECVE_19_X execve process|syscall state|converted :
      res:ERRNO exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:UINT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 comm:CHARBUF cgroups:BYTEBUF env:BYTEBUF tty:UINT32
      vpgid:PID loginuid:UID flags:FLAGS32=execve_flags cap_inheritable:UINT64/hex cap_permitted:UINT64/hex
      cap_effective:UINT64/hex exe_ino:UINT64 exe_ino_ctime:ABSTIME exe_ino_mtime:ABSTIME uid:UID
      trusted_exepath:FSPATH pgid:PID/na gid:GID filename:FSPATH
294 SYSCALL_SETPGID_E setpgid process|syscall old|converted : pid:PID pgid:PID
295 SYSCALL_SETPGID_X setpgid process|syscall converted : res:ERRNO pid:PID pgid:PID
296 SYSCALL_BPF_E bpf other|syscall old|creates_fd|converted : cmd:INT64
297 SYSCALL_BPF_X bpf other|syscall old|creates_fd|converted : res_or_fd:DYN=bpf_dynamic_param
298 SYSCALL_SECCOMP_E seccomp other|syscall old|converted : op:UINT64 flags:UINT64/hex
299 SYSCALL_SECCOMP_X seccomp other|syscall converted : res:ERRNO op:UINT64 flags:UINT64/hex
300 SYSCALL_UNLINK_2_E unlink file|syscall old :
301 SYSCALL_UNLINK_2_X unlink file|syscall - : res:ERRNO path:FSPATH
302 SYSCALL_UNLINKAT_2_E unlinkat file|syscall old :
303 SYSCALL_UNLINKAT_2_X unlinkat file|syscall uses_fd :
      res:ERRNO dirfd:FD name:FSRELPATH@1 flags:FLAGS32=unlinkat_flags
304 SYSCALL_MKDIRAT_E mkdirat file|syscall old :
305 SYSCALL_MKDIRAT_X mkdirat file|syscall uses_fd : res:ERRNO dirfd:FD path:FSRELPATH@1 mode:UINT32/hex
306 SYSCALL_OPENAT_2_E openat file|syscall creates_fd|state|converted :
      dirfd:FD name:FSRELPATH@0 flags:FLAGS32=file_flags mode:UINT32/oct
307 SYSCALL_OPENAT_2_X openat file|syscall creates_fd|state|converted :
      fd:FD dirfd:FD name:FSRELPATH@1 flags:FLAGS32=file_flags mode:UINT32/oct dev:UINT32/hex ino:UINT64
308 SYSCALL_LINK_2_E link file|syscall old :
309 SYSCALL_LINK_2_X link file|syscall - : res:ERRNO oldpath:FSPATH newpath:FSPATH
"""
