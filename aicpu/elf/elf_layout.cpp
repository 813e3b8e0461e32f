// SPDX-License-Identifier: Apache-2.0
// Headers of a file: first what kind of file it is, then one program header after the other, then what they have to
// have in common.
#include "aicpu/elf/elf_layout.h"

namespace pto::inline PTO_ARCH::aicpu::elf {
namespace {

/// More than linkers make, few enough to be read in no time.
constexpr uint32_t kMaxProgramHeaders = 64;

/// Code may take an address apart into pages of this size and places in them, whatever the segments say.
constexpr uint64_t kCodePageBytes = 4096;

constexpr uint32_t kSectionHeaderBytes = 64;

const char *name_of(uint16_t machine)
{
    switch (static_cast<Machine>(machine)) {
    case Machine::kX86_64: return "x86-64";
    case Machine::kAarch64: return "aarch64";
    }
    return "unknown";
}

pto_status check_ident(const FileHeader &header, MessageBuffer message)
{
    if (memcmp(header.ident, kMagic, sizeof kMagic) != 0)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "the image does not begin as ELF files do");
    const uint32_t word = header.ident[kIdentClass];
    const uint32_t order = header.ident[kIdentData];
    if (word != kClass32 && word != kClass64)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "ELF class %u does not exist", word);
    if (order != kLittleEndian && order != kBigEndian)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "ELF byte order %u does not exist", order);
    if (word != kClass64 || order != kLittleEndian)
        return refuse_orch(PTO_ERROR_INCOMPATIBLE_IMAGE, message, "the image is not 64-bit little-endian");
    if (header.ident[kIdentVersion] != kVersion || header.version != kVersion)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "ELF version %u does not exist", header.version);
    const uint32_t system = header.ident[kIdentSystem];
    if ((system != kSystemV && system != kSystemGnu) || header.ident[kIdentSystemVersion] != 0)
        return refuse_orch(PTO_ERROR_INCOMPATIBLE_IMAGE, message,
                           "the image is for system %u, version %u: only 0 and 3, version 0, will do", system,
                           uint32_t{header.ident[kIdentSystemVersion]});
    return PTO_OK;
}

pto_status check_kind(const FileHeader &header, Machine machine, MessageBuffer message)
{
    const auto wanted = static_cast<uint16_t>(machine);
    if (header.machine != wanted)
        return refuse_orch(PTO_ERROR_INCOMPATIBLE_IMAGE, message, "the image is for machine %u (%s), not for %u (%s)",
                           uint32_t{header.machine}, name_of(header.machine), uint32_t{wanted}, name_of(wanted));
    if (header.type != kSharedObject)
        return refuse_orch(PTO_ERROR_INCOMPATIBLE_IMAGE, message, "the image is no shared object: its type is %u",
                           uint32_t{header.type});
    if (header.flags != 0 && is_known(machine))
        return refuse_orch(PTO_ERROR_INCOMPATIBLE_IMAGE, message, "the image has flags 0x%x, which nobody knows here",
                           header.flags);
    return PTO_OK;
}

/// The tables of headers lie in the file. Nothing is read from section headers; but they are the end of a file, so one
/// that was cut off is noticed.
pto_status check_tables(const FileBytes &file, const FileHeader &header, MessageBuffer message)
{
    if (header.header_bytes != sizeof(FileHeader) || header.program_bytes != sizeof(ProgramHeader))
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "headers of %u and %u bytes instead of 64 and 56",
                           uint32_t{header.header_bytes}, uint32_t{header.program_bytes});
    if (header.program_count == 0)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "the image has no program headers");
    if (header.program_count > kMaxProgramHeaders)
        return refuse_orch(PTO_ERROR_LOAD_FAILED, message, "%u program headers are more than %u",
                           uint32_t{header.program_count}, kMaxProgramHeaders);
    if (!file.holds(header.programs, header.program_count * sizeof(ProgramHeader)))
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message,
                           "%u program headers at offset 0x%llx lie outside the file of %llu bytes",
                           uint32_t{header.program_count}, Printed{header.programs}, Printed{file.size});
    if (header.sections == 0 && header.section_count == 0)
        return PTO_OK;
    if (header.section_bytes != kSectionHeaderBytes || header.section_count == 0)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "%u section headers of %u bytes each",
                           uint32_t{header.section_count}, uint32_t{header.section_bytes});
    if (!file.holds(header.sections, uint64_t{header.section_count} * kSectionHeaderBytes))
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message,
                           "%u section headers at offset 0x%llx lie outside the file of %llu bytes",
                           uint32_t{header.section_count}, Printed{header.sections}, Printed{file.size});
    return PTO_OK;
}

/// One program header, for messages by its index.
struct Program {
    uint32_t index;
    ProgramHeader header;
};

/// Address, sizes and alignment, each by itself and with the others.
pto_status check_numbers(const FileBytes &file, const Program &program, MessageBuffer message)
{
    const ProgramHeader &header = program.header;
    if (!file.holds(header.offset, header.file_bytes))
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message,
                           "program header %u: %llu bytes at offset 0x%llx lie outside the file of %llu bytes",
                           program.index, Printed{header.file_bytes}, Printed{header.offset}, Printed{file.size});
    if (header.memory_bytes < header.file_bytes)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message,
                           "program header %u: %llu bytes of the file do not fit into %llu of memory", program.index,
                           Printed{header.file_bytes}, Printed{header.memory_bytes});
    if (header.address >= kAddressLimit || header.memory_bytes >= kAddressLimit)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message,
                           "program header %u: %llu bytes at address 0x%llx are beyond any memory", program.index,
                           Printed{header.memory_bytes}, Printed{header.address});
    const uint64_t alignment = header.alignment == 0 ? 1 : header.alignment;
    if (!is_power_of_two(alignment) || alignment >= kAddressLimit)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message,
                           "program header %u: the alignment 0x%llx is no power of two", program.index,
                           Printed{alignment});
    if (((header.address ^ header.offset) & (alignment - 1)) != 0)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message,
                           "program header %u: address 0x%llx and offset 0x%llx differ modulo the alignment 0x%llx",
                           program.index, Printed{header.address}, Printed{header.offset}, Printed{alignment});
    return PTO_OK;
}

pto_status add_segment(const Program &program, Layout *out, MessageBuffer message)
{
    const ProgramHeader &header = program.header;
    if ((header.flags & kExecutable) != 0 && (header.flags & kWritable) != 0)
        return refuse_orch(PTO_ERROR_LOAD_FAILED, message,
                           "program header %u: the segment is both writable and executable", program.index);
    if (header.memory_bytes == 0)
        return PTO_OK;
    if (out->segment_count == kMaxSegments)
        return refuse_orch(PTO_ERROR_LOAD_FAILED, message, "program header %u: there are more than %u segments",
                           program.index, kMaxSegments);
    if (out->segment_count > 0 && header.address < out->range().end)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message,
                           "program header %u: the segment at address 0x%llx overlaps the one before, or precedes it",
                           program.index, Printed{header.address});
    out->segments[out->segment_count++] = {
        {header.address, header.address + header.memory_bytes}, header.offset, header.file_bytes, header.flags};
    if (header.alignment > out->alignment)
        out->alignment = header.alignment;
    return PTO_OK;
}

pto_status set_range(const Program &program, uint64_t size_bytes, AddressRange *range, MessageBuffer message)
{
    if (!range->empty())
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "program header %u: there is a second one of type 0x%x",
                           program.index, program.header.type);
    *range = {program.header.address, program.header.address + size_bytes};
    return PTO_OK;
}

pto_status add_program(const FileBytes &file, const Program &program, Layout *out, MessageBuffer message)
{
    const ProgramHeader &header = program.header;
    if (const pto_status status = check_numbers(file, program, message); status != PTO_OK)
        return status;
    const char *unfit = nullptr;
    switch (header.type) {
    case kProgramLoad: return add_segment(program, out, message);
    case kProgramDynamic:
        out->dynamic_offset = header.offset;
        return set_range(program, header.file_bytes, &out->dynamic, message);
    case kProgramRelro: return set_range(program, header.memory_bytes, &out->relro, message);
    case kProgramInterpreter:
        return refuse_orch(PTO_ERROR_INCOMPATIBLE_IMAGE, message,
                           "program header %u: the image is a program with an interpreter, no shared object",
                           program.index);
    case kProgramTls: unfit = "the image has thread-local storage"; break;
    case kProgramShlib: unfit = "the type SHLIB has no meaning"; break;
    case kProgramStack:
        unfit = (header.flags & kExecutable) != 0 ? "the image wants an executable stack" : nullptr;
        break;
    default: break; // Notes, unwinding tables and the like are for others.
    }
    return unfit == nullptr
               ? PTO_OK
               : refuse_orch(PTO_ERROR_LOAD_FAILED, message, "program header %u: %s", program.index, unfit);
}

/// The dynamic section is read in memory. It has to come from the file, and from where its own header says.
pto_status check_dynamic(const Layout &layout, MessageBuffer message)
{
    const AddressRange &dynamic = layout.dynamic;
    if (dynamic.empty())
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "the image has no dynamic section");
    const uint64_t size_bytes = dynamic.end - dynamic.begin;
    const Segment *segment = layout.segment_of(dynamic.begin, size_bytes);
    if (segment == nullptr || dynamic.end - segment->range.begin > segment->file_bytes ||
        layout.dynamic_offset - segment->offset != dynamic.begin - segment->range.begin ||
        size_bytes % sizeof(DynamicEntry) != 0)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message,
                           "the dynamic section, %llu bytes at address 0x%llx, is no table in a segment's file part",
                           Printed{size_bytes}, Printed{dynamic.begin});
    return PTO_OK;
}

/// Linkers let the range end with a page, which may be behind the segment's end.
pto_status clip_relro(Layout *layout, MessageBuffer message)
{
    AddressRange &relro = layout->relro;
    if (relro.empty()) {
        relro = {}; // Wherever it is said to be.
        return PTO_OK;
    }
    const Segment *segment = layout->segment_of(relro.begin, 1);
    if (segment == nullptr || !segment->is_writable())
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message,
                           "what is read-only after relocation, at address 0x%llx, lies in no writable segment",
                           Printed{relro.begin});
    if (relro.end > segment->range.end)
        relro.end = segment->range.end;
    return PTO_OK;
}

} // namespace

const Segment *Layout::segment_of(uint64_t address, uint64_t count) const
{
    for (uint32_t i = 0; i < segment_count; i++) {
        if (segments[i].range.holds(address, count))
            return &segments[i];
    }
    return nullptr;
}

pto_status read_layout(const FileBytes &file, Machine machine, Layout *out, MessageBuffer message)
{
    *out = {};
    out->alignment = kCodePageBytes;
    if (file.data == nullptr || file.size < sizeof(FileHeader))
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "%llu bytes are too few for an ELF header",
                           Printed{file.size});
    const auto header = file.read<FileHeader>(0);
    if (const pto_status status = check_ident(header, message); status != PTO_OK)
        return status;
    if (const pto_status status = check_kind(header, machine, message); status != PTO_OK)
        return status;
    if (const pto_status status = check_tables(file, header, message); status != PTO_OK)
        return status;
    for (uint32_t i = 0; i < header.program_count; i++) {
        const Program program{i, file.read<ProgramHeader>(header.programs + i * sizeof(ProgramHeader))};
        if (const pto_status status = add_program(file, program, out, message); status != PTO_OK)
            return status;
    }
    if (out->segment_count == 0)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "the image has no segment to load");
    if (const pto_status status = check_dynamic(*out, message); status != PTO_OK)
        return status;
    return clip_relro(out, message);
}

} // namespace pto::inline PTO_ARCH::aicpu::elf
