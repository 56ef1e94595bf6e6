# Runs one server on the orders of the process that started this, one a line on standard input, and
# answers each with one line. The end of the input means that this process is gone, however it died:
# then the server ends too, and its directory.
#
# The server is a child of this shell. A signal is sent only right after the shell has looked, by
# builtin commands, whether this child is still there: the number of one that has ended by itself may
# be another process's by now.
directory=$1
last_signal=$2
log=$directory/log
server=

# An answer to a process that is gone must not end this shell before it has tidied up.
trap '' PIPE

is_running() {
    [ -n "$server" ] && jobs >"$directory/jobs" && read -r job <"$directory/jobs" || return 1
    case $job in
        *Running*) return 0 ;;
        *) return 1 ;;
    esac
}

while read -r order rest; do
    case $order in
        run)
            eval "$rest" </dev/null >>"$log" 2>&1
            echo $?
            ;;
        start)
            eval "exec $rest" </dev/null >>"$log" 2>&1 &
            server=$!
            echo "$server"
            ;;
        signal)
            is_running && kill -s "$rest" "$server"
            echo $?
            ;;
        state)
            if is_running; then echo running; else echo ended; fi
            ;;
        wait)
            wait "$server"
            echo $?
            server=
            ;;
    esac
done

if is_running; then
    kill -s "$last_signal" "$server"
    # One that is paused would hear nothing.
    kill -s CONT "$server"
    wait "$server"
fi
cd /
rm -rf "$directory"
