"""The ``nvidia-smi`` of the simulated GPU host: a POSIX shell script.

It answers what services ask NVIDIA's for (https://docs.nvidia.com/deploy/nvidia-smi/): lists (-L),
queries (--query-gpu with --format=csv), the choice of devices (-i), XML (-q -x), unknown fields and
devices. Headers carry a field's own name and its unit, whichever spelling was asked for. It is no
copy: the table without arguments is a list, and a query without --format is taken for CSV.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.engine import tarball

NAME = "Drydock Simulated GPU"
MEMORY_MIB = 16384
DRIVER, CUDA = "580.95.05", "13.0"
ALIASES: Mapping[str, str] = {
    "gpu_uuid": "uuid",
    "gpu_name": "name",
    "gpu_bus_id": "pci.bus_id",
    "gpu_serial": "serial",
    "clocks.current.sm": "clocks.sm",
}
FIELDS: Mapping[str, tuple[str, str]] = {
    "index": ("$1", ""),
    "uuid": ("$2", ""),
    "pci.bus_id": ("$3", ""),
    "count": ("$count", ""),
    "name": (NAME, ""),
    "serial": ("[N/A]", ""),
    "driver_version": (DRIVER, ""),
    "vbios_version": ("00.00.00.00.00", ""),
    "memory.total": (str(MEMORY_MIB), "MiB"),
    "memory.free": (str(MEMORY_MIB), "MiB"),
    "memory.used": ("0", "MiB"),
    "memory.reserved": ("0", "MiB"),
    "utilization.gpu": ("0", "%"),
    "utilization.memory": ("0", "%"),
    "temperature.gpu": ("30", ""),
    "power.draw": ("20.00", "W"),
    "power.limit": ("250.00", "W"),
    "clocks.sm": ("210", "MHz"),
    "clocks.mem": ("405", "MHz"),
    "fan.speed": ("[N/A]", "%"),
    "pstate": ("P8", ""),
    "compute_cap": ("9.0", ""),
    "compute_mode": ("Default", ""),
    "mig.mode.current": ("[N/A]", ""),
    "persistence_mode": ("Enabled", ""),
    "display_active": ("Disabled", ""),
    "ecc.mode.current": ("[N/A]", ""),
    "timestamp": ("$(date '+%Y/%m/%d %H:%M:%S.000')", ""),
}
"""By field: its value as shell text ($1 is the index, $2 the uuid, $3 the bus) and its unit."""


@dataclass(frozen=True)
class Device:
    """One GPU as a container sees it."""

    index: int
    uuid: str

    @property
    def bus(self) -> str:
        return f"00000000:{self.index + 1:02X}:00.0"


def archive(devices: Sequence[Device]) -> bytes:
    """A tar archive with ``/usr/bin/nvidia-smi``, which knows ``devices``."""
    each = "\n".join(f'{{}} {one.index} "{one.uuid}" "{one.bus}"' for one in devices)
    script = _SCRIPT.replace("@FIELDS@", _fields()).replace("@COUNT@", str(len(devices)))
    for verb in ("list", "choose", "row", "detail", "xml"):
        script = script.replace(f"@{verb}@", each.replace("{}", verb))
    return _program(script)


def broken() -> bytes:
    """A tar archive with an ``nvidia-smi`` that finds no driver, as on a misconfigured host."""
    return _program(_BROKEN)


def _fields() -> str:
    lines = []
    for name, (value, unit) in FIELDS.items():
        names = "|".join([name, *(other for other, own in ALIASES.items() if own == name)])
        lines.append(f'        {names}) own="{name}" value="{value}" unit="{unit}" ;;')
    return "\n".join(lines)


def _program(script: str) -> bytes:
    return tarball.of({"usr/bin/nvidia-smi": script.encode()}, 0o755)


_SCRIPT = f"""#!/bin/sh
# nvidia-smi of Drydock's simulated GPU host.
query= header=1 units=1 wanted= mode=table count=@COUNT@
while [ $# -gt 0 ]; do
    word=$1 value=${{1#*=}}
    case "$word" in
    --query-gpu|--format|--id|-i|-f|--filename|-l|--loop|-lms|--loop-ms|-d|--display)
        shift; value=$1 ;;
    esac
    case "$word" in
    -L|--list-gpus) mode=list ;;
    -q|--query) [ "$mode" = xml ] || mode=detail ;;
    -x|--xml-format) mode=xml ;;
    -i|--id|--id=*|-i=*) wanted=$value ;;
    --query-gpu|--query-gpu=*) query=$value mode=query ;;
    --query-compute-apps*|--query-accounted-apps*) mode=nothing ;;
    --format|--format=*)
        case ",$value," in *,noheader,*|*", noheader,"*) header= ;; esac
        case ",$value," in *,nounits,*|*", nounits,"*) units= ;; esac ;;
    -f|--filename|-l|--loop|-l=*|--loop=*|-lms|--loop-ms|-d|--display|-d=*|--display=*) ;;
    --version|-h|--help) echo "NVIDIA-SMI version  : {DRIVER}"; exit 0 ;;
    *)
        echo "Invalid combination of input arguments. Please run 'nvidia-smi -h' for help."
        exit 2 ;;
    esac
    shift
done

is_wanted() {{
    [ -z "$wanted" ] && return 0
    case ",$(echo "$wanted" | tr -d ' ')," in *",$1,"*|*",$2,"*|*",$3,"*) return 0 ;; esac
    return 1
}}
any=
choose() {{ is_wanted "$@" && any=1; }}
@choose@
[ -z "$any" ] && {{ echo "No devices were found"; exit 6; }}

of() {{
    # of FIELD INDEX UUID BUS: sets own, value and unit
    name=$1; shift
    case "$name" in
@FIELDS@
    *) return 1 ;;
    esac
}}
list() {{ is_wanted "$@" && echo "GPU $1: {NAME} (UUID: $2)"; return 0; }}
row() {{
    is_wanted "$@" || return 0
    line= old=$IFS; IFS=', '
    for name in $query; do
        IFS=$old
        of "$name" "$@"
        [ -n "$unit" ] && [ -n "$units" ] && [ "$value" != "[N/A]" ] && value="$value $unit"
        line="$line${{line:+, }}$value"
        IFS=', '
    done
    IFS=$old
    echo "$line"
}}
detail() {{
    is_wanted "$@" || return 0
    printf '\\nGPU %s\\n' "$3"
    printf '    %-38s: %s\\n' "Product Name" "{NAME}" "GPU UUID" "$2" "Minor Number" "$1"
    printf '    FB Memory Usage\\n        %-34s: %s\\n' "Total" "{MEMORY_MIB} MiB"
}}
xml() {{
    is_wanted "$@" || return 0
    cat <<END
	<gpu id="$3">
		<product_name>{NAME}</product_name>
		<uuid>$2</uuid>
		<minor_number>$1</minor_number>
		<pci><pci_bus_id>$3</pci_bus_id></pci>
		<fb_memory_usage><total>{MEMORY_MIB} MiB</total><used>0 MiB</used></fb_memory_usage>
	</gpu>
END
}}
case "$mode" in
list)
@list@
    ;;
query)
    titles= old=$IFS; IFS=', '
    for name in $query; do
        IFS=$old
        if ! of "$name" 0 0 0; then
            printf 'Field "%s" is not a valid field to query.\\n\\n' "$name"
            exit 2
        fi
        [ -n "$unit" ] && [ -n "$units" ] && own="$own [$unit]"
        titles="$titles${{titles:+, }}$own"
        IFS=', '
    done
    IFS=$old
    [ -n "$header" ] && echo "$titles"
@row@
    ;;
detail)
    printf '\\n==============NVSMI LOG==============\\n\\n'
    printf '%-42s: %s\\n' "Driver Version" "{DRIVER}" "CUDA Version" "{CUDA}"
    printf '%-42s: %s\\n' "Attached GPUs" "$count"
@detail@
    ;;
xml)
    echo '<?xml version="1.0" ?>'
    echo '<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">'
    echo '<nvidia_smi_log>'
    printf '\\t<driver_version>%s</driver_version>\\n' "{DRIVER}"
    printf '\\t<cuda_version>%s</cuda_version>\\n' "{CUDA}"
    printf '\\t<attached_gpus>%s</attached_gpus>\\n' "$count"
@xml@
    echo '</nvidia_smi_log>'
    ;;
table)
    echo "| NVIDIA-SMI {DRIVER}      Driver Version: {DRIVER}      CUDA Version: {CUDA} |"
@list@
    ;;
esac
"""

_BROKEN = """#!/bin/sh
printf '%s %s\\n\\n' \\
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver." \\
    "Make sure that the latest NVIDIA driver is installed and running."
exit 9
"""
