// SPDX-License-Identifier: Apache-2.0
// What C++ leaves to the loader: tables of virtual functions, pointers to members, inline variables, which are unique
// in a process elsewhere.
#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

struct Shape {
    constexpr explicit Shape(int side) : side_(side) {}
    virtual int area() const { return 0; }
    virtual const char *name() const { return "shape"; }

protected:
    int side_;
};

struct Square : Shape {
    using Shape::Shape;
    int area() const override { return side_ * side_; }
    const char *name() const override { return "square"; }
};

struct Cube final : Square {
    using Square::Square;
    int area() const override { return 6 * Square::area(); }
    const char *name() const override { return "cube"; }
};

constinit Square square(3);
constinit Cube cube(2);
constinit Shape *shapes[] = {&square, &cube};

using Measure = int (Shape::*)() const;
constinit Measure measures[] = {&Shape::area};

} // namespace

template <class T> struct __attribute__((visibility("default"))) Unique {
    static inline int uses = 7;
    static int use() { return uses++; }
};

EXPORT const void *object_shapes()
{
    return shapes;
}
EXPORT int object_area(int index)
{
    return (shapes[index]->*measures[0])();
}
EXPORT char object_initial(int index)
{
    return shapes[index]->name()[0];
}
EXPORT int object_use()
{
    return Unique<int>::use() + Unique<char>::use();
}
