"""The parameters of Falco's events, by the type that ``evt.rawarg.<name>`` has: that of the first event which has one.

Source: libs, driver/event_table.c. Those that :mod:`engine.schema` does not have are known, and not served.
"""

from __future__ import annotations

from engine.lang.types import FieldType

_NAMES = {
    FieldType.ABSTIME: "exe_ino_ctime exe_ino_mtime start_time",
    FieldType.BYTEBUF: "args cgroups data env img msgcontrol value_bytebuf",
    FieldType.CHARBUF: (
        "arg2_str comm container_id cwd desc description exe home image json quotafilepath scope shell "
        "special target uargs value_charbuf"
    ),
    FieldType.CHARBUFARRAY: "argv tags",
    FieldType.DYN: "arg2 arg3 arg4 arg5 res_or_fd val",
    FieldType.ENUMFLAGS16: "opcode",
    FieldType.ENUMFLAGS32: "domain option",
    FieldType.ENUMFLAGS8: "cmd how level optname resource whence",
    FieldType.ERRNO: "maxevents res ret status",
    FieldType.FD: (
        "dirfd fd fd1 fd2 fd_in fd_out fdin fdout in_fd linkdirfd mountfd newdir newdirfd newfd olddir "
        "olddirfd oldfd out_fd pid_fd target_fd"
    ),
    FieldType.FDLIST: "fds",
    FieldType.FLAGS16: "creat_flags op sem_flg_0 sem_flg_1",
    FieldType.FLAGS32: "error features flags nstype operation prot resolve semflg",
    FieldType.FLAGS8: "dqi_flags fd_type quota_fmt quota_fmt_out",
    FieldType.FSPATH: "dir exepath filename linkpath name newpath oldpath path root sun_path trusted_exepath",
    FieldType.FSRELPATH: "pathname",
    FieldType.GID: "egid rgid sgid",
    FieldType.INT16: "sem_op_0 sem_op_1",
    FieldType.INT32: "aux backlog key nsems semid semnum tty",
    FieldType.INT64: "arg2_int cur max newcur newmax oldcur oldmax timeout",
    FieldType.IPV4ADDR: "local_ip remote_ip",
    FieldType.PID: "dpid next pgid pid ptid reaper_tid spid tid vpgid vpid vtid",
    FieldType.PID32: "ppid sid vtgid",
    FieldType.PORT: "local_port remote_port",
    FieldType.RELTIME: "dqb_btime dqb_itime dqi_bgrace dqi_igrace interval",
    FieldType.SIGSET: "sigmask",
    FieldType.SIGTYPE: "sig",
    FieldType.SOCKADDR: "addr",
    FieldType.SOCKTUPLE: "tuple",
    FieldType.SYSCALLID: "ID",
    FieldType.UID: "euid loginuid ruid suid",
    FieldType.UINT16: "nativeID sem_num_0 sem_num_1 sk_proto sk_type",
    FieldType.UINT32: (
        "action cpu cq_entries dev entries event_type first gid id last mask min_complete mnt_id mode nr_args "
        "nsops optlen plugin_id proto queuelen queuemax ratio size sq_entries sq_thread_cpu sq_thread_idle "
        "to_submit type uid vm_rss vm_size vm_swap"
    ),
    FieldType.UINT64: (
        "arg argument cap_effective cap_inheritable cap_permitted cpu_sys cpu_usr dqb_bhardlimit "
        "dqb_bsoftlimit dqb_curspace dqb_ihardlimit dqb_isoftlimit event_data exe_ino exe_ino_num fdlimit "
        "initval ino ino_num ip len length offin offout offset peer pgft_maj pgft_min pgoffset "
        "pidns_init_start_ts pos request sk_pointer source"
    ),
    FieldType.UINT8: "clockid core queuepct",
}

FALCO_PARAMETERS = {name: kind for kind, names in _NAMES.items() for name in names.split()}
"""Name → type."""
