// SPDX-License-Identifier: Apache-2.0
// A stand-in for an instruction set of tiles on the CPU, for tests only: what kernels of such a code base lean on.
// Tiles live in memory of the thread that runs the core, about 1 MB of it; pipes between the cores of a cluster live in
// state that the process lends them by two symbols which are looked up at run time.
#ifndef PTO_ISA_STAND_IN_PTO_INST_HPP
#define PTO_ISA_STAND_IN_PTO_INST_HPP

#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <dlfcn.h>
#include <thread>

#ifndef __gm__
#define __gm__
#endif
#ifndef __aicore__
#define __aicore__
#endif
#define AICORE inline

namespace pto {

// ---- memory of a core

enum class TileType { Vec, Mat, Left, Right, Acc };

struct CoreMemory {
    alignas(64) unsigned char vec[256 << 10];
    alignas(64) unsigned char mat[512 << 10];
    alignas(64) unsigned char left[64 << 10];
    alignas(64) unsigned char right[64 << 10];
    alignas(64) unsigned char acc[128 << 10];

    template <TileType Type> unsigned char *space()
    {
        if constexpr (Type == TileType::Vec)
            return vec;
        else if constexpr (Type == TileType::Mat)
            return mat;
        else if constexpr (Type == TileType::Left)
            return left;
        else if constexpr (Type == TileType::Right)
            return right;
        else
            return acc;
    }
    template <TileType Type> static constexpr size_t bytes()
    {
        return Type == TileType::Vec   ? sizeof vec
               : Type == TileType::Mat ? sizeof mat
               : Type == TileType::Acc ? sizeof acc
                                       : sizeof left;
    }
};

inline thread_local CoreMemory core_memory;

// ---- global tensors and tiles

struct Shape {
    int rows, cols;
};
struct Stride {
    int64_t row, col;
};

template <class T> class GlobalTensor {
public:
    using DType = T;
    GlobalTensor(T *data, Shape shape) : GlobalTensor(data, shape, {shape.cols, 1}) {}
    GlobalTensor(T *data, Shape shape, Stride stride) : data_(data), shape_(shape), stride_(stride) {}
    T &at(int row, int col) const { return data_[row * stride_.row + col * stride_.col]; }
    int rows() const { return shape_.rows; }
    int cols() const { return shape_.cols; }

private:
    T *data_;
    Shape shape_;
    Stride stride_;
};

template <TileType Type, class T, int Rows, int Cols> class Tile {
public:
    using DType = T;
    static constexpr size_t kBytes = sizeof(T) * Rows * Cols;
    static_assert(kBytes <= CoreMemory::bytes<Type>(), "the tile is larger than its memory");

    Tile() = default;
    Tile(int rows, int cols) : rows_(rows), cols_(cols)
    {
        check(rows >= 0 && rows <= Rows && cols >= 0 && cols <= Cols);
    }

    void assign(size_t offset)
    {
        check(offset + kBytes <= CoreMemory::bytes<Type>());
        offset_ = offset;
    }
    T &at(int row, int col) const
    {
        return reinterpret_cast<T *>(core_memory.space<Type>() + offset_)[row * Cols + col];
    }
    int rows() const { return rows_; }
    int cols() const { return cols_; }

    static void check(bool good)
    {
        if (!good)
            __builtin_trap();
    }

private:
    size_t offset_ = 0;
    int rows_ = Rows;
    int cols_ = Cols;
};

// ---- events, which order nothing here

enum pipe_t { PIPE_S, PIPE_V, PIPE_M, PIPE_MTE1, PIPE_MTE2, PIPE_MTE3, PIPE_FIX, PIPE_ALL };
enum event_t { EVENT_ID0, EVENT_ID1, EVENT_ID2, EVENT_ID3 };
inline void set_flag(pipe_t, pipe_t, event_t) {}
inline void wait_flag(pipe_t, pipe_t, event_t) {}
inline void pipe_barrier(pipe_t) {}

// ---- instructions

template <class TileT> void TASSIGN(TileT &tile, size_t offset)
{
    tile.assign(offset);
}

template <class TileT, class F> void each_element(TileT &tile, F f)
{
    for (int i = 0; i < tile.rows(); i++)
        for (int j = 0; j < tile.cols(); j++)
            tile.at(i, j) = f(i, j);
}

template <class TileT, class GlobalT> void TLOAD(TileT &tile, const GlobalT &global)
{
    TileT::check(global.rows() == tile.rows() && global.cols() == tile.cols());
    each_element(tile, [&](int i, int j) { return global.at(i, j); });
}
template <class GlobalT, class TileT> void TSTORE(GlobalT &global, const TileT &tile)
{
    TileT::check(global.rows() == tile.rows() && global.cols() == tile.cols());
    for (int i = 0; i < tile.rows(); i++)
        for (int j = 0; j < tile.cols(); j++)
            global.at(i, j) = tile.at(i, j);
}

template <class D, class A> void TMOV(D &dst, const A &a)
{
    each_element(dst, [&](int i, int j) { return a.at(i, j); });
}
template <class D, class A, class B> void TADD(D &dst, const A &a, const B &b)
{
    each_element(dst, [&](int i, int j) { return a.at(i, j) + b.at(i, j); });
}
template <class D, class A, class B> void TSUB(D &dst, const A &a, const B &b)
{
    each_element(dst, [&](int i, int j) { return a.at(i, j) - b.at(i, j); });
}
template <class D, class A, class B> void TMUL(D &dst, const A &a, const B &b)
{
    each_element(dst, [&](int i, int j) { return a.at(i, j) * b.at(i, j); });
}
template <class D, class A, class B> void TMAX(D &dst, const A &a, const B &b)
{
    each_element(dst, [&](int i, int j) { return a.at(i, j) > b.at(i, j) ? a.at(i, j) : b.at(i, j); });
}
template <class D, class A, class S> void TADDS(D &dst, const A &a, S scalar)
{
    each_element(dst, [&](int i, int j) { return a.at(i, j) + scalar; });
}
template <class D, class A, class S> void TMULS(D &dst, const A &a, S scalar)
{
    each_element(dst, [&](int i, int j) { return a.at(i, j) * scalar; });
}
template <class D, class S> void TEXPANDS(D &dst, S scalar)
{
    each_element(dst, [&](int, int) { return scalar; });
}
template <class D, class A> void TEXP(D &dst, const A &a)
{
    each_element(dst, [&](int i, int j) { return std::exp(a.at(i, j)); });
}
template <class D, class A> void TROWMAX(D &dst, const A &a)
{
    for (int i = 0; i < a.rows(); i++) {
        dst.at(i, 0) = a.at(i, 0);
        for (int j = 1; j < a.cols(); j++)
            dst.at(i, 0) = a.at(i, j) > dst.at(i, 0) ? a.at(i, j) : dst.at(i, 0);
    }
}
template <class D, class A> void TROWSUM(D &dst, const A &a)
{
    for (int i = 0; i < a.rows(); i++) {
        dst.at(i, 0) = 0;
        for (int j = 0; j < a.cols(); j++)
            dst.at(i, 0) += a.at(i, j);
    }
}
template <class D, class A, class B> void TROWEXPANDSUB(D &dst, const A &a, const B &column)
{
    each_element(dst, [&](int i, int j) { return a.at(i, j) - column.at(i, 0); });
}
template <class D, class A, class B> void TROWEXPANDMUL(D &dst, const A &a, const B &column)
{
    each_element(dst, [&](int i, int j) { return a.at(i, j) * column.at(i, 0); });
}
template <class D, class A, class B> void TROWEXPANDDIV(D &dst, const A &a, const B &column)
{
    each_element(dst, [&](int i, int j) { return a.at(i, j) / column.at(i, 0); });
}
template <class D, class A, class B> void TMATMUL_ACC(D &acc, const A &a, const B &b)
{
    for (int i = 0; i < acc.rows(); i++)
        for (int k = 0; k < a.cols(); k++)
            for (int j = 0; j < acc.cols(); j++)
                acc.at(i, j) += a.at(i, k) * b.at(k, j);
}
template <class D, class A, class B> void TMATMUL(D &acc, const A &a, const B &b)
{
    TEXPANDS(acc, typename D::DType{0});
    TMATMUL_ACC(acc, a, b);
}

// ---- what the process lends to the cores of a cluster

inline uint32_t get_subblockid()
{
    using Hook = uint32_t (*)();
    static const Hook hook = reinterpret_cast<Hook>(dlsym(RTLD_DEFAULT, "pto_sim_get_subblock_id"));
    return hook != nullptr ? hook() : ~0u;
}

inline void *pipe_shared_state(uint64_t key, size_t size)
{
    using Hook = void *(*)(uint64_t, size_t);
    static const Hook hook = reinterpret_cast<Hook>(dlsym(RTLD_DEFAULT, "pto_sim_get_pipe_shared_state"));
    return hook != nullptr ? hook(key, size) : nullptr;
}

/// A queue of tiles from one core of a cluster to another, `Depth` at a time. Both ends name it by the same key. It is
/// empty before and after each task that uses it, so it serves the next one.
template <uint64_t Key, class T, int Rows, int Cols, int Depth> class TPipe {
    struct State {
        alignas(64) std::atomic<uint32_t> pushed;
        alignas(64) std::atomic<uint32_t> popped;
        alignas(64) T slot[Depth][Rows * Cols];
    };

public:
    /// `lane` tells the two vector cores of a cluster apart.
    explicit TPipe(uint32_t lane) : state_(static_cast<State *>(pipe_shared_state(Key * 2 + lane, sizeof(State)))) {}

    bool usable() const { return state_ != nullptr; }

    template <class TileT> void push(const TileT &tile, int first_row)
    {
        const uint32_t mine = state_->pushed.load(std::memory_order_relaxed);
        while (mine - state_->popped.load(std::memory_order_acquire) == Depth)
            std::this_thread::yield();
        for (int i = 0; i < Rows; i++)
            for (int j = 0; j < Cols; j++)
                state_->slot[mine % Depth][i * Cols + j] = tile.at(first_row + i, j);
        state_->pushed.store(mine + 1, std::memory_order_release);
    }
    template <class TileT> void pop(TileT &tile)
    {
        const uint32_t mine = state_->popped.load(std::memory_order_relaxed);
        while (state_->pushed.load(std::memory_order_acquire) == mine)
            std::this_thread::yield();
        each_element(tile, [&](int i, int j) { return state_->slot[mine % Depth][i * Cols + j]; });
        state_->popped.store(mine + 1, std::memory_order_release);
    }

private:
    State *state_;
};

} // namespace pto

#endif
