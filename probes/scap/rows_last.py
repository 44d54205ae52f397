"""Rows 310 to 453 of the event table; :mod:`probes.scap.table` says how a row is read."""

ROWS = """
310 SYSCALL_LINKAT_2_E linkat file|syscall old :
311 SYSCALL_LINKAT_2_X linkat file|syscall - :
      res:ERRNO olddir:FD oldpath:FSRELPATH@1 newdir:FD newpath:FSRELPATH@3 flags:FLAGS32=linkat_flags
312 SYSCALL_FCHMODAT_E fchmodat file|syscall old :
313 SYSCALL_FCHMODAT_X fchmodat file|syscall uses_fd : res:ERRNO dirfd:FD filename:FSRELPATH@1 mode:MODE=chmod_mode
314 SYSCALL_CHMOD_E chmod file|syscall old :
315 SYSCALL_CHMOD_X chmod file|syscall - : res:ERRNO filename:FSPATH mode:MODE=chmod_mode
316 SYSCALL_FCHMOD_E fchmod file|syscall old :
317 SYSCALL_FCHMOD_X fchmod file|syscall uses_fd : res:ERRNO fd:FD mode:MODE=chmod_mode
318 SYSCALL_RENAMEAT2_E renameat2 file|syscall old :
319 SYSCALL_RENAMEAT2_X renameat2 file|syscall - :
      res:ERRNO olddirfd:FD oldpath:FSRELPATH@1 newdirfd:FD newpath:FSRELPATH@3 flags:FLAGS32=renameat2_flags
320 SYSCALL_USERFAULTFD_E userfaultfd file|syscall old|creates_fd|state :
321 SYSCALL_USERFAULTFD_X userfaultfd file|syscall creates_fd|state : res:ERRNO flags:FLAGS32=file_flags
322 PLUGINEVENT_E pluginevent other|plugin large : plugin_id:UINT32 event_data:BYTEBUF
323 PLUGINEVENT_X NA unknown unused :
324 CONTAINER_JSON_2_E container process|metaevent state|large : json:CHARBUF
325 CONTAINER_JSON_2_X NA unknown unused :
326 SYSCALL_OPENAT2_E openat2 file|syscall creates_fd|state|converted :
      dirfd:FD name:FSRELPATH@0 flags:FLAGS32=file_flags mode:UINT32/oct resolve:FLAGS32=openat2_flags
327 SYSCALL_OPENAT2_X openat2 file|syscall creates_fd|state|converted :
      fd:FD dirfd:FD name:FSRELPATH@1 flags:FLAGS32=file_flags mode:UINT32/oct resolve:FLAGS32=openat2_flags
      dev:UINT32/hex ino:UINT64
328 SYSCALL_MPROTECT_E mprotect memory|syscall old|converted : addr:UINT64/hex length:UINT64 prot:FLAGS32=prot_flags
329 SYSCALL_MPROTECT_X mprotect memory|syscall converted :
      res:ERRNO addr:UINT64/hex length:UINT64 prot:FLAGS32=prot_flags
330 SYSCALL_EXECVEAT_E execveat process|syscall old|state|converted :
      dirfd:FD pathname:FSRELPATH@0 flags:FLAGS32=execveat_flags
331 SYSCALL_EXECVEAT_X execveat process|syscall state|converted :
      res:ERRNO exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:UINT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 comm:CHARBUF cgroups:BYTEBUF env:BYTEBUF tty:UINT32
      vpgid:PID loginuid:UID flags:FLAGS32=execve_flags cap_inheritable:UINT64/hex cap_permitted:UINT64/hex
      cap_effective:UINT64/hex exe_ino:UINT64 exe_ino_ctime:ABSTIME exe_ino_mtime:ABSTIME uid:UID
      trusted_exepath:FSPATH pgid:PID/na gid:GID
332 SYSCALL_COPY_FILE_RANGE_E copy_file_range file|syscall old|uses_fd|reads_fd|writes_fd|converted :
      fdin:FD offin:UINT64 len:UINT64
333 SYSCALL_COPY_FILE_RANGE_X copy_file_range file|syscall uses_fd|reads_fd|writes_fd|converted :
      res:ERRNO fdout:FD offout:UINT64 fdin:FD offin:UINT64 len:UINT64
334 SYSCALL_CLONE3_E clone3 process|syscall old|state :
335 SYSCALL_CLONE3_X clone3 process|syscall state|converted :
      res:PID exe:CHARBUF args:BYTEBUF tid:PID pid:PID ptid:PID cwd:CHARBUF fdlimit:INT64 pgft_maj:UINT64
      pgft_min:UINT64 vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 comm:CHARBUF cgroups:BYTEBUF
      flags:FLAGS32=clone_flags uid:UINT32 gid:UINT32 vtid:PID vpid:PID pidns_init_start_ts:UINT64
336 SYSCALL_OPEN_BY_HANDLE_AT_E open_by_handle_at file|syscall old|creates_fd|state :
337 SYSCALL_OPEN_BY_HANDLE_AT_X open_by_handle_at file|syscall creates_fd|state :
      fd:FD mountfd:FD flags:FLAGS32=file_flags path:FSPATH dev:UINT32/hex ino:UINT64
338 SYSCALL_IO_URING_SETUP_E io_uring_setup io_other|syscall old|creates_fd|state :
339 SYSCALL_IO_URING_SETUP_X io_uring_setup io_other|syscall creates_fd|state :
      res:ERRNO entries:UINT32 sq_entries:UINT32 cq_entries:UINT32 flags:FLAGS32=io_uring_setup_flags
      sq_thread_cpu:UINT32 sq_thread_idle:UINT32 features:FLAGS32=io_uring_setup_feats
340 SYSCALL_IO_URING_ENTER_E io_uring_enter io_other|syscall old :
341 SYSCALL_IO_URING_ENTER_X io_uring_enter io_other|syscall uses_fd :
      res:ERRNO fd:FD to_submit:UINT32 min_complete:UINT32 flags:FLAGS32=io_uring_enter_flags sig:SIGSET
342 SYSCALL_IO_URING_REGISTER_E io_uring_register io_other|syscall old :
343 SYSCALL_IO_URING_REGISTER_X io_uring_register io_other|syscall uses_fd :
      res:ERRNO fd:FD opcode:ENUMFLAGS16=io_uring_register_opcodes arg:UINT64/hex nr_args:UINT32
344 SYSCALL_MLOCK_E mlock memory|syscall old :
345 SYSCALL_MLOCK_X mlock memory|syscall - : res:ERRNO addr:UINT64/hex len:UINT64
346 SYSCALL_MUNLOCK_E munlock memory|syscall old :
347 SYSCALL_MUNLOCK_X munlock memory|syscall - : res:ERRNO addr:UINT64/hex len:UINT64
348 SYSCALL_MLOCKALL_E mlockall memory|syscall old :
349 SYSCALL_MLOCKALL_X mlockall memory|syscall - : res:ERRNO flags:FLAGS32=mlockall_flags
350 SYSCALL_MUNLOCKALL_E munlockall memory|syscall old :
351 SYSCALL_MUNLOCKALL_X munlockall memory|syscall - : res:ERRNO
352 SYSCALL_CAPSET_E capset process|syscall old|state :
353 SYSCALL_CAPSET_X capset process|syscall state :
      res:ERRNO cap_inheritable:UINT64/hex cap_permitted:UINT64/hex cap_effective:UINT64/hex
354 USER_ADDED_E useradded process|metaevent state :
      uid:UINT32 gid:UINT32 name:CHARBUF home:CHARBUF shell:CHARBUF container_id:CHARBUF
355 USER_ADDED_X NA unknown unused :
356 USER_DELETED_E userdeleted process|metaevent state :
      uid:UINT32 gid:UINT32 name:CHARBUF home:CHARBUF shell:CHARBUF container_id:CHARBUF
357 USER_DELETED_X NA unknown unused :
358 GROUP_ADDED_E groupadded process|metaevent state : gid:UINT32 name:CHARBUF container_id:CHARBUF
359 GROUP_ADDED_X NA unknown unused :
360 GROUP_DELETED_E groupdeleted process|metaevent state : gid:UINT32 name:CHARBUF container_id:CHARBUF
361 GROUP_DELETED_X NA unknown unused :
362 SYSCALL_DUP2_E dup2 io_other|syscall old|creates_fd|uses_fd|state : fd:FD
363 SYSCALL_DUP2_X dup2 io_other|syscall creates_fd|uses_fd|state : res:FD oldfd:FD newfd:FD
364 SYSCALL_DUP3_E dup3 io_other|syscall old|creates_fd|uses_fd|state : fd:FD
365 SYSCALL_DUP3_X dup3 io_other|syscall creates_fd|uses_fd|state :
      res:FD oldfd:FD newfd:FD flags:FLAGS32=file_flags
366 SYSCALL_DUP_1_E dup io_other|syscall old|creates_fd|uses_fd|state : fd:FD
367 SYSCALL_DUP_1_X dup io_other|syscall creates_fd|uses_fd|state : res:FD oldfd:FD
368 SYSCALL_BPF_2_E bpf other|syscall old|creates_fd : cmd:INT64
369 SYSCALL_BPF_2_X bpf other|syscall creates_fd : fd:FD cmd:ENUMFLAGS32=bpf_commands
370 SYSCALL_MLOCK2_E mlock2 memory|syscall old :
371 SYSCALL_MLOCK2_X mlock2 memory|syscall - : res:ERRNO addr:UINT64/hex len:UINT64 flags:FLAGS32=mlock2_flags
372 SYSCALL_FSCONFIG_E fsconfig system|syscall old :
373 SYSCALL_FSCONFIG_X fsconfig system|syscall uses_fd :
      res:ERRNO fd:FD cmd:ENUMFLAGS32=fsconfig_cmds key:CHARBUF value_bytebuf:BYTEBUF value_charbuf:CHARBUF aux:INT32
374 SYSCALL_EPOLL_CREATE_E epoll_create wait|syscall old|creates_fd|state|converted : size:INT32
375 SYSCALL_EPOLL_CREATE_X epoll_create wait|syscall creates_fd|state|converted : res:ERRNO size:INT32
376 SYSCALL_EPOLL_CREATE1_E epoll_create1 wait|syscall old|creates_fd|state|converted :
      flags:FLAGS32=epoll_create1_flags
377 SYSCALL_EPOLL_CREATE1_X epoll_create1 wait|syscall creates_fd|state|converted :
      res:ERRNO flags:FLAGS32=epoll_create1_flags
378 SYSCALL_CHOWN_E chown file|syscall old :
379 SYSCALL_CHOWN_X chown file|syscall - : res:ERRNO path:FSPATH uid:UINT32 gid:UINT32
380 SYSCALL_LCHOWN_E lchown file|syscall old :
381 SYSCALL_LCHOWN_X lchown file|syscall - : res:ERRNO path:FSPATH uid:UINT32 gid:UINT32
382 SYSCALL_FCHOWN_E fchown file|syscall old :
383 SYSCALL_FCHOWN_X fchown file|syscall uses_fd : res:ERRNO fd:FD uid:UINT32 gid:UINT32
384 SYSCALL_FCHOWNAT_E fchownat file|syscall old :
385 SYSCALL_FCHOWNAT_X fchownat file|syscall uses_fd :
      res:ERRNO dirfd:FD pathname:FSRELPATH@1 uid:UINT32 gid:UINT32 flags:FLAGS32=fchownat_flags
386 SYSCALL_UMOUNT_1_E umount file|syscall old|state :
387 SYSCALL_UMOUNT_1_X umount file|syscall state : res:ERRNO name:FSPATH
388 SOCKET_ACCEPT4_6_E accept4 net|syscall old|creates_fd|state|converted : flags:INT32/hex
389 SOCKET_ACCEPT4_6_X accept4 net|syscall creates_fd|state|converted :
      fd:FD tuple:SOCKTUPLE queuepct:UINT8 queuelen:UINT32 queuemax:UINT32 flags:INT32/hex
390 SYSCALL_UMOUNT2_E umount2 file|syscall old|state|converted : flags:FLAGS32=umount_flags
391 SYSCALL_UMOUNT2_X umount2 file|syscall state|converted : res:ERRNO name:FSPATH flags:FLAGS32=umount_flags
392 SYSCALL_PIPE2_E pipe2 ipc|syscall old|creates_fd|state :
393 SYSCALL_PIPE2_X pipe2 ipc|syscall creates_fd|state : res:ERRNO fd1:FD fd2:FD ino:UINT64 flags:FLAGS32=file_flags
394 SYSCALL_INOTIFY_INIT1_E inotify_init1 ipc|syscall old|creates_fd|state :
395 SYSCALL_INOTIFY_INIT1_X inotify_init1 ipc|syscall creates_fd|state : res:FD flags:FLAGS16=file_flags
396 SYSCALL_EVENTFD2_E eventfd2 ipc|syscall old|creates_fd|state|converted : initval:UINT64
397 SYSCALL_EVENTFD2_X eventfd2 ipc|syscall creates_fd|state|converted :
      res:FD flags:FLAGS16=file_flags initval:UINT64
398 SYSCALL_SIGNALFD4_E signalfd4 signal|syscall old|creates_fd|state|converted : fd:FD mask:UINT32/hex
399 SYSCALL_SIGNALFD4_X signalfd4 signal|syscall creates_fd|state|converted :
      res:FD flags:FLAGS16=file_flags fd:FD mask:UINT32/hex
400 SYSCALL_PRCTL_E prctl process|syscall old|state :
401 SYSCALL_PRCTL_X prctl process|syscall state :
      res:ERRNO option:ENUMFLAGS32=prctl_options arg2_str:CHARBUF arg2_int:INT64
402 ASYNCEVENT_E asyncevent other|metaevent large : plugin_id:UINT32 name:CHARBUF data:BYTEBUF
403 ASYNCEVENT_X NA unknown unused :
404 SYSCALL_MEMFD_CREATE_E memfd_create memory|syscall old|creates_fd|state :
405 SYSCALL_MEMFD_CREATE_X memfd_create memory|syscall creates_fd|state :
      fd:FD name:CHARBUF flags:FLAGS32=memfd_create_flags
406 SYSCALL_PIDFD_GETFD_E pidfd_getfd process|syscall old|creates_fd|state :
407 SYSCALL_PIDFD_GETFD_X pidfd_getfd process|syscall creates_fd|state :
      fd:FD pid_fd:FD target_fd:FD flags:UINT32/hex
408 SYSCALL_PIDFD_OPEN_E pidfd_open process|syscall old|creates_fd|state :
409 SYSCALL_PIDFD_OPEN_X pidfd_open process|syscall creates_fd|state : fd:FD pid:PID flags:FLAGS32=pidfd_open_flags
410 SYSCALL_INIT_MODULE_E init_module other|syscall old :
411 SYSCALL_INIT_MODULE_X init_module other|syscall - : res:ERRNO img:BYTEBUF length:UINT64 uargs:CHARBUF
412 SYSCALL_FINIT_MODULE_E finit_module other|syscall old :
413 SYSCALL_FINIT_MODULE_X finit_module other|syscall uses_fd|reads_fd :
      res:ERRNO fd:FD uargs:CHARBUF flags:FLAGS32=finit_module_flags
414 SYSCALL_MKNOD_E mknod other|syscall old :
415 SYSCALL_MKNOD_X mknod other|syscall - : res:ERRNO path:FSPATH mode:MODE=mknod_mode dev:UINT32
416 SYSCALL_MKNODAT_E mknodat other|syscall old :
417 SYSCALL_MKNODAT_X mknodat other|syscall uses_fd :
      res:ERRNO dirfd:FD path:FSRELPATH@1 mode:MODE=mknod_mode dev:UINT32
418 SYSCALL_NEWFSTATAT_E newfstatat file|syscall old :
419 SYSCALL_NEWFSTATAT_X newfstatat file|syscall uses_fd :
      res:ERRNO dirfd:FD path:FSRELPATH@1 flags:FLAGS32=newfstatat_flags
420 SYSCALL_PROCESS_VM_READV_E process_vm_readv ipc|syscall old :
421 SYSCALL_PROCESS_VM_READV_X process_vm_readv ipc|syscall - : res:INT64 pid:PID data:BYTEBUF
422 SYSCALL_PROCESS_VM_WRITEV_E process_vm_writev ipc|syscall old :
423 SYSCALL_PROCESS_VM_WRITEV_X process_vm_writev ipc|syscall - : res:INT64 pid:PID data:BYTEBUF
424 SYSCALL_DELETE_MODULE_E delete_module other|syscall old :
425 SYSCALL_DELETE_MODULE_X delete_module other|syscall - : res:ERRNO name:CHARBUF flags:FLAGS32=delete_module_flags
426 SYSCALL_SETREUID_E setreuid user|syscall old|state :
427 SYSCALL_SETREUID_X setreuid user|syscall state : res:ERRNO ruid:UID euid:UID
428 SYSCALL_SETREGID_E setregid user|syscall old :
429 SYSCALL_SETREGID_X setregid user|syscall state : res:ERRNO rgid:UID egid:UID
430 ITER_TASK_E task process|iter state :
      ppid:PID32 pgid:PID32 vpgid:PID32 sid:PID32 comm:CHARBUF argv:CHARBUFARRAY exepath:FSPATH
      flags:FLAGS32=execve_flags env:CHARBUFARRAY cwd:CHARBUF fdlimit:UINT64 euid:UID egid:GID
      cap_permitted:UINT64/hex cap_effective:UINT64/hex cap_inheritable:UINT64/hex exe_ino_num:UINT64
      exe_ino_ctime:ABSTIME exe_ino_mtime:ABSTIME vm_size:UINT32 vm_rss:UINT32 vm_swap:UINT32 pgft_maj:UINT64
      pgft_min:UINT64 vtgid:PID32 vpid:PID32 pidns_init_start_ts:UINT64 cgroups:CHARBUFARRAY root:FSPATH
      start_time:ABSTIME tty:UINT32 loginuid:UID
431 ITER_TASK_X NA unknown unused :
432 ITER_TASK_FILE_PIPE_E task_file_pipe file|iter state : fd:FD32 path:FSPATH ino_num:UINT64
433 ITER_TASK_FILE_PIPE_X NA unknown unused :
434 ITER_TASK_FILE_MEMFD_E task_file_memfd file|iter state : fd:FD32 path:FSPATH ino_num:UINT64
435 ITER_TASK_FILE_MEMFD_X NA unknown unused :
436 ITER_TASK_FILE_REGULAR_E task_file_regular file|iter state :
      fd:FD32 path:FSPATH flags:FLAGS32=file_flags mnt_id:UINT32 ino_num:UINT64
437 ITER_TASK_FILE_REGULAR_X NA unknown unused :
438 ITER_TASK_FILE_DIRECTORY_E task_file_directory file|iter state : fd:FD32 path:FSPATH ino_num:UINT64
439 ITER_TASK_FILE_DIRECTORY_X NA unknown unused :
440 ITER_TASK_FILE_SOCKET_INET_E task_file_socket_inet file|iter state :
      fd:FD32 sk_type:UINT16 sk_proto:UINT16 local_ip:IPV4ADDR local_port:PORT remote_ip:IPV4ADDR remote_port:PORT
      ino_num:UINT64
441 ITER_TASK_FILE_SOCKET_INET_X NA unknown unused :
442 ITER_TASK_FILE_SOCKET_INET6_E task_file_socket_inet6 file|iter state :
      fd:FD32 sk_type:UINT16 sk_proto:UINT16 local_ip:IPV6ADDR local_port:PORT remote_ip:IPV6ADDR remote_port:PORT
      ino_num:UINT64
443 ITER_TASK_FILE_SOCKET_INET6_X NA unknown unused :
444 ITER_TASK_FILE_SOCKET_UNIX_E task_file_socket_unix file|iter state :
      fd:FD32 sk_type:UINT16 sk_proto:UINT16 sk_pointer:UINT64/na sun_path:FSPATH ino_num:UINT64
445 ITER_TASK_FILE_SOCKET_UNIX_X NA unknown unused :
446 ITER_TASK_FILE_SOCKET_NETLINK_E task_file_socket_netlink file|iter state :
      fd:FD32 sk_type:UINT16 sk_proto:UINT16 ino_num:UINT64
447 ITER_TASK_FILE_SOCKET_NETLINK_X NA unknown unused :
448 ITER_TASK_FILE_ANON_INODE_E task_file_anon_inode file|iter state :
      fd:FD32 fd_type:FLAGS8/dec=anon_inode_fd_types path:FSPATH ino_num:UINT64
449 ITER_TASK_FILE_ANON_INODE_X NA unknown unused :
450 SYSCALL_CLOSE_RANGE_E NA unknown unused :
451 SYSCALL_CLOSE_RANGE_X close_range io_other|syscall state :
      res:ERRNO first:UINT32 last:UINT32 flags:FLAGS32=close_range_flags
452 SYSCALL_KEYCTL_E NA unknown unused :
453 SYSCALL_KEYCTL_X keyctl other|syscall - :
      res:ERRNO operation:ENUMFLAGS32=keyctl_operations arg2:DYN=keyctl_dynamic_param arg3:DYN=keyctl_dynamic_param
      arg4:DYN=keyctl_dynamic_param arg5:DYN=keyctl_dynamic_param
"""
