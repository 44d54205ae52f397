# Shell code that the scripts share. Source it; it changes to the repository's root.
#
# All talk goes to stderr: stdout belongs to what a script prints.

set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
PATH=$PATH:/usr/sbin:/sbin
VENV=$ROOT/.venv
BCC=/usr/lib/python3/dist-packages/bcc/__init__.py

say() { printf '\033[2m· %s\033[0m\n' "$*" >&2; }
complain() { printf 'tiercel: %s\n' "$*" >&2; }
[[ -t 2 ]] || say() { printf '· %s\n' "$*" >&2; }

is_root() { [[ $EUID -eq 0 ]]; }
has() { command -v "$1" >/dev/null 2>&1; }

# ── distribution packages ───────────────────────────────────────────────────────────────────────────────────────────

# need PACKAGE TEST…: asks for the package unless the test holds. Nothing is installed over what another vendor's
# package (Docker's own, for one) has already put there.
MISSING=()
need() {
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || MISSING+=("$package")
}

# Installs what need() noted. Elsewhere, or without root, says the command and returns 1.
install_missing() {
  [[ ${#MISSING[@]} -gt 0 ]] || return 0
  local packages=("${MISSING[@]}")
  MISSING=()
  if ! has apt-get; then
    complain "missing: ${packages[*]} (Debian's names; install what your distribution calls them)"
    return 1
  elif ! is_root; then
    complain "missing: ${packages[*]}. To mend it: sudo apt-get install ${packages[*]}"
    return 1
  fi
  say "installing ${packages[*]}"
  apt_get update && apt_get install --no-install-recommends "${packages[@]}"
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get -y -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null >&2
}

# ── Python ──────────────────────────────────────────────────────────────────────────────────────────────────────────

# Whether $1 is a Python that is new enough and able to make virtual environments.
fits() { has "$1" && "$1" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

# Prints a Python that fits: the distribution's, which every user can read, before one from PATH.
find_python() {
  local python
  for python in /usr/bin/python3 python3 python3.{14,13,12,11}; do
    if fits "$python"; then
      command -v "$python"
      return
    fi
  done
  return 1
}

ensure_python() {
  find_python >/dev/null && return
  need python3 false
  need python3-venv false
  install_missing || true
  find_python >/dev/null && return
  # Ubuntu 22.04's python3 is 3.10, and 3.11 stands beside it.
  need python3.11 false
  need python3.11-venv false
  install_missing && find_python >/dev/null && return
  complain "Python 3.11 or newer with the venv module is needed"
  return 1
}

# ── the virtual environment ─────────────────────────────────────────────────────────────────────────────────────────

# Under sudo, things in the user's clone are made by the user, so that they can be changed and removed without root.
as_owner() {
  if is_root && [[ -n ${SUDO_UID:-} && ${SUDO_UID} -ne 0 ]] && owner test -w "$ROOT"; then
    owner "$@"
  else
    "$@"
  fi
}

owner() {
  local home
  home=$(getent passwd "$SUDO_UID" | cut -d: -f6)
  setpriv --reuid "$SUDO_UID" --regid "${SUDO_GID:-$SUDO_UID}" --init-groups -- env HOME="${home:-/}" "$@"
}

# ensure_venv NAME LOCK…: makes .venv and installs the locked dependencies, unless the stamp NAME says it was done.
ensure_venv() {
  local name=$1
  shift
  local locks=("$@" requirements-build.lock) stamp=$VENV/stamp-$name key
  key=$(cat -- "${locks[@]}" pyproject.toml | sha256sum)$ROOT
  if [[ -x $VENV/bin/tiercel && $(cat "$stamp" 2>/dev/null) == "$key" ]] && "$VENV/bin/python" -c '' 2>/dev/null; then
    return
  fi
  (
    flock 9 # two first starts at once
    ensure_python
    if ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
      say "making .venv with $(find_python)"
      as_owner "$(find_python)" -m venv --clear "$VENV"
    fi
    say "installing $(cat -- "${locks[@]}" | grep -c ==) locked packages: once, it may take a minute"
    pip_install --require-hashes "${locks[@]/#/--requirement=}"
    pip_install --no-deps --no-build-isolation --editable .
    as_owner sh -c 'printf %s "$1" >"$2"' - "$key" "$stamp"
  ) 9<"$ROOT"
}

pip_install() {
  # Errors only: pip warns of every index that it is configured to use and that lacks a package.
  as_owner "$VENV/bin/python" -m pip --disable-pip-version-check --no-input install -qq "$@" </dev/null >&2
}

# The user's clone gets no byte code that only root can remove. Where Python is told to write none, it is written here:
# to compile the sources takes almost half of a start.
keep_tree_clean() {
  if is_root && [[ -n ${SUDO_UID:-} ]]; then
    export PYTHONDONTWRITEBYTECODE=1
  fi
  if [[ -n ${PYTHONDONTWRITEBYTECODE:-} ]]; then
    as_owner "$VENV/bin/python" -m compileall -q engine probes tui tiercel >/dev/null || true
  fi
}
